#include "core/group/block_tree.h"

#include <algorithm>
#include <memory>

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
  const BlockRange left{node.begin, CutOf(node)}, right{CutOf(node), node.end};
  const float *first = value(left), *second = value(right);
  if (first == nullptr) {
    SumNode(left, count, value, out);
    first = out;
  }
  // Of the second half the sum needs a place of its own.
  std::unique_ptr<float[]> sum;
  if (second == nullptr) {
    sum.reset(new float[static_cast<size_t>(count)]);
    SumNode(right, count, value, sum.get());
    second = sum.get();
  }
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) out[i] = first[i] + second[i];
}

}  // namespace pretext
