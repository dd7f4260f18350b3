#include "core/group/block_tree.h"

#include <algorithm>

namespace pretext {
namespace {

void AddNodesWithin(const BlockRange& node, const BlockRange& range,
                    std::vector<BlockRange>& nodes) {
  if (node.end <= range.begin || range.end <= node.begin) return;
  if (range.begin <= node.begin && node.end <= range.end) {
    nodes.push_back(node);
    return;
  }
  AddNodesWithin({node.begin, CutOf(node)}, range, nodes);
  AddNodesWithin({CutOf(node), node.end}, range, nodes);
}

}  // namespace

std::vector<BlockRange> NodesWithin(int blocks, const BlockRange& range) {
  std::vector<BlockRange> nodes;
  AddNodesWithin({0, blocks}, range, nodes);
  return nodes;
}

void SumNode(const BlockRange& node, int64_t count,
             const std::function<const float*(const BlockRange&)>& value, float* out) {
  if (const float* const given = value(node); given != nullptr) {
    std::copy_n(given, count, out);
    return;
  }
  SumNode({node.begin, CutOf(node)}, count, value, out);
  const BlockRange right{CutOf(node), node.end};
  const float* addend = value(right);
  std::vector<float> sum;
  if (addend == nullptr) {
    sum.resize(static_cast<size_t>(count));
    SumNode(right, count, value, sum.data());
    addend = sum.data();
  }
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) out[i] += addend[i];
}

}  // namespace pretext
