// The order in which the values of G blocks are added: a binary tree, nearest pair first.
//
//   G = 5:  ((0 + 1) + (2 + 3)) + 4
//
// A node is a range of blocks; it is cut at the largest power of two below its length. A process
// that has a range of blocks computes the nodes that lie in it as a whole, and whoever has all
// nodes ends with the same bits, wherever the cuts between processes are.
#pragma once

#include <bit>
#include <cstdint>
#include <functional>
#include <vector>

namespace pretext {

struct BlockRange {
  int begin = 0, end = 0;
  int size() const { return end - begin; }
  bool operator==(const BlockRange&) const = default;
};

// Where a node of more than one block is cut.
inline int CutOf(const BlockRange& node) {
  return node.begin + static_cast<int>(std::bit_ceil(static_cast<unsigned>(node.size())) / 2);
}

// The largest nodes of the tree over `blocks` that lie in `range`, ascending.
std::vector<BlockRange> NodesWithin(int blocks, const BlockRange& range);

// out[i] = the sum over `node` of value(n)[i], 0 <= i < count, by the tree. value(n) is null where
// the node n is to be computed from its two halves; of a single block it is never null.
void SumNode(const BlockRange& node, int64_t count,
             const std::function<const float*(const BlockRange&)>& value, float* out);

}  // namespace pretext
