#include "kernels/scratch/scratch.h"

#include <cstdlib>
#include <new>
#include <utility>
#include <vector>

namespace pretext {
namespace {

constexpr size_t kAlignment = 64;

struct Block {
  void* data;
  size_t bytes;
};

// A thread's blocks that are not in use.
class FreeBlocks {
 public:
  ~FreeBlocks() {
    for (const Block& block : blocks_) std::free(block.data);
  }

  // The smallest block that is large enough; else a new one in place
  // of the largest, which was too small.
  Block Take(size_t bytes) {
    int best = -1, largest = -1;
    for (int i = 0; i < static_cast<int>(blocks_.size()); ++i) {
      const size_t size = blocks_[i].bytes;
      if (size >= bytes && (best < 0 || size < blocks_[best].bytes)) best = i;
      if (largest < 0 || size > blocks_[largest].bytes) largest = i;
    }
    if (best >= 0) return Remove(best);
    if (largest >= 0) std::free(Remove(largest).data);
    void* data = std::aligned_alloc(kAlignment, bytes);
    if (data == nullptr) throw std::bad_alloc();
    return {data, bytes};
  }

  void Give(Block block) { blocks_.push_back(block); }

 private:
  Block Remove(int i) {
    std::swap(blocks_[i], blocks_.back());
    const Block block = blocks_.back();
    blocks_.pop_back();
    return block;
  }

  std::vector<Block> blocks_;
};

FreeBlocks& ThreadsBlocks() {
  thread_local FreeBlocks blocks;
  return blocks;
}

}  // namespace

Scratch::Scratch(int64_t floats) {
  const size_t wanted =
      (static_cast<size_t>(floats) * sizeof(float) + kAlignment) & ~(kAlignment - 1);
  const Block block = ThreadsBlocks().Take(wanted);
  data_ = static_cast<float*>(block.data);
  bytes_ = block.bytes;
}

Scratch::~Scratch() { ThreadsBlocks().Give({data_, bytes_}); }

}  // namespace pretext
