// Sums of values of all blocks of a batch, over the processes that share them.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "core/group/block_tree.h"
#include "processes/processes.h"

namespace pretext {

// Process r of k has blocks [r G / k, (r + 1) G / k).
BlockRange BlocksOf(int rank, int size, int blocks);

// Of one process: number `rank` of `size`.
class BlockSums {
 public:
  BlockSums(int rank, int size, int blocks);

  // In which order values of blocks are added: by the tree over them (block_tree.h), or each
  // process's first and those of processes as is fastest (Processes::AddUp).
  enum class Order : uint8_t { kTree, kFast };

  // values[b] are of own block BlocksOf(…).begin + b, null for zeros; `sums` may be one of them.
  struct Addends {
    int64_t count;
    std::vector<const float*> values;
    float* sums;
  };
  // sums[i] becomes the sum of all blocks', on every process, by way of `line`. From one thread at
  // a time.
  absl::Status Sum(const std::vector<Addends>& addends, Processes& line, Order order);

 private:
  absl::Status SumOverProcesses(const std::vector<Addends>& addends, Processes& line);
  absl::Status SumFast(const std::vector<Addends>& addends, Processes& line);
  // Of own blocks, elements [begin, begin + count).
  void SumOwn(const BlockRange& node, const Addends& addends, int64_t begin, int64_t count,
              float* sum) const;

  const int rank_, size_, blocks_;
  const BlockRange own_;
  // Own nodes, what comes of others', the sum. They keep their memory.
  std::vector<std::vector<float>> node_sums_, taken_;
  std::vector<float> sum_;
};

}  // namespace pretext
