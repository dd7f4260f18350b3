// A block: one of the G shares that every batch is cut into, as its operations see the others.
//
//   block b of a batch of N samples: samples [b N / G, (b + 1) N / G), with all their views
//
// G is fixed by the pipeline (train.blocks). A block is computed on one thread, and what goes over
// blocks is put together in an order that depends on G alone (block_tree.h): the bits depend
// neither on the threads of a process nor on how many processes share the blocks.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace pretext {

class BlockMember {
 public:
  virtual ~BlockMember() = default;

  virtual int index() const = 0;  // b
  virtual int count() const = 0;  // G
  // Whether it is the first of its process: the one that writes what the blocks of a process share.
  virtual bool is_first() const = 0;

  // The values of all blocks, one after the other in the order of blocks: block b gives counts[b]
  // words of four bytes. What is returned stays as it is until this member's next call. Every
  // block calls it at the same places of its pass, with the same counts. Throws GroupFailure
  // (processes/group_failure.h) where a block does not come.
  virtual const void* Gather(const void* values, const std::vector<int64_t>& counts) = 0;

  // The values of all blocks go round by `by` places: what block (b + by) mod G gives comes to
  // block b in `taken`, and no process has those of all. Block b gives counts[b] words of four
  // bytes; `by` is from 1 - G to G - 1 and not 0. As Gather it is called by all at the same places.
  virtual void Shift(int by, const void* given, const std::vector<int64_t>& counts,
                     void* taken) = 0;

  // `act`, on one thread of each process, when all its blocks are there; they go on when it is
  // done. All that it throws is thrown at one of them.
  virtual void Once(const std::function<void()>& act) = 0;

  // Floats, as many of each block.
  const float* Gather(const float* values, int64_t count) {
    return static_cast<const float*>(
        Gather(values, std::vector<int64_t>(static_cast<size_t>(this->count()), count)));
  }
};

// The first sample of a block; of block G the number of samples.
inline int64_t FirstSample(int64_t samples, int block, int blocks) {
  return samples * block / blocks;
}

}  // namespace pretext
