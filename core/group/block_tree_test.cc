#include "core/group/block_tree.h"

#include <gtest/gtest.h>

#include <vector>

namespace pretext {
namespace {

TEST(BlockTree, IsCutNearestPairFirst) {
  EXPECT_EQ(CutOf({0, 2}), 1);
  EXPECT_EQ(CutOf({0, 3}), 2);
  EXPECT_EQ(CutOf({0, 5}), 4);
  EXPECT_EQ(CutOf({0, 8}), 4);
  EXPECT_EQ(CutOf({4, 7}), 6);
}

TEST(BlockTree, NodesOfARangeAreTheLargestThatLieInIt) {
  using Nodes = std::vector<BlockRange>;
  EXPECT_EQ(NodesWithin(8, {0, 8}), (Nodes{{0, 8}}));
  EXPECT_EQ(NodesWithin(8, {0, 4}), (Nodes{{0, 4}}));
  EXPECT_EQ(NodesWithin(8, {2, 5}), (Nodes{{2, 4}, {4, 5}}));
  EXPECT_EQ(NodesWithin(8, {5, 8}), (Nodes{{5, 6}, {6, 8}}));
  EXPECT_EQ(NodesWithin(5, {1, 5}), (Nodes{{1, 2}, {2, 4}, {4, 5}}));
}

// Numbers whose sum shows the order in which they were added.
std::vector<float> Telling(int blocks) {
  std::vector<float> values;
  for (int b = 0; b < blocks; ++b) values.push_back(b == 0 ? 0x1p24f : 1);
  return values;
}

TEST(BlockTree, SumsHaveTheSameBitsWhereverTheCutsBetweenProcessesAre) {
  for (int blocks = 1; blocks <= 9; ++blocks) {
    const std::vector<float> values = Telling(blocks);
    float whole = 0;
    SumNode(
        {0, blocks}, 1,
        [&](const BlockRange& node) {
          return node.size() == 1 ? &values[static_cast<size_t>(node.begin)] : nullptr;
        },
        &whole);
    for (int cut = 1; cut < blocks; ++cut) {
      std::vector<std::pair<BlockRange, float>> nodes;
      for (const BlockRange range : {BlockRange{0, cut}, BlockRange{cut, blocks}}) {
        for (const BlockRange& node : NodesWithin(blocks, range)) {
          nodes.emplace_back(node, 0);
          SumNode(
              node, 1,
              [&](const BlockRange& n) {
                return n.size() == 1 ? &values[static_cast<size_t>(n.begin)] : nullptr;
              },
              &nodes.back().second);
        }
      }
      float together = 0;
      SumNode(
          {0, blocks}, 1,
          [&](const BlockRange& node) -> const float* {
            for (const auto& [range, sum] : nodes)
              if (range == node) return &sum;
            return nullptr;
          },
          &together);
      EXPECT_EQ(together, whole) << blocks << " blocks, cut at " << cut;
    }
  }
  // What the order is for: one after the other is another sum.
  const std::vector<float> values = Telling(9);
  float tree = 0, line = 0;
  SumNode(
      {0, 9}, 1,
      [&](const BlockRange& node) {
        return node.size() == 1 ? &values[static_cast<size_t>(node.begin)] : nullptr;
      },
      &tree);
  for (const float value : values) line += value;
  EXPECT_NE(tree, line);
}

}  // namespace
}  // namespace pretext
