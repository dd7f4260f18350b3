#include "core/group/block_statistics.h"

#include <algorithm>
#include <vector>

#include "core/group/block_tree.h"

namespace pretext {
namespace {

struct Moments {
  double count = 0, mean = 0, squares = 0;
};

Moments Merge(const Moments& a, const Moments& b) {
  const double n = a.count + b.count, delta = b.mean - a.mean;
  return {n, a.mean + delta * (b.count / n),
          a.squares + b.squares + delta * delta * (a.count * b.count / n)};
}

// Of channel c below `node`: a block has its count, then its means, then its variances.
Moments Below(const BlockRange& node, const float* all, int64_t channels, int64_t c) {
  if (node.size() > 1) {
    return Merge(Below({node.begin, CutOf(node)}, all, channels, c),
                 Below({CutOf(node), node.end}, all, channels, c));
  }
  const float* const block = all + node.begin * (1 + 2 * channels);
  const double count = block[0];
  return {count, block[1 + c], block[1 + channels + c] * count};
}

}  // namespace

int64_t MergeMoments(BlockMember& block, int64_t channels, int64_t count, float* mean,
                     float* variance) {
  // A count beyond 2^24 is rounded, by less than one in ten million.
  std::vector<float> own{static_cast<float>(count)};
  own.insert(own.end(), mean, mean + channels);
  own.insert(own.end(), variance, variance + channels);
  const float* const all = block.Gather(own.data(), static_cast<int64_t>(own.size()));
  double total = 0;
  for (int64_t c = 0; c < channels; ++c) {
    const Moments merged = Below({0, block.count()}, all, channels, c);
    mean[c] = static_cast<float>(merged.mean);
    variance[c] = static_cast<float>(merged.squares / merged.count);
    total = merged.count;
  }
  return static_cast<int64_t>(total);
}

void SumOverBlocks(BlockMember& block, int64_t count, float* values) {
  const float* const all = block.Gather(values, count);
  SumNode(
      {0, block.count()}, count,
      [&](const BlockRange& node) { return node.size() == 1 ? all + node.begin * count : nullptr; },
      values);
}

}  // namespace pretext
