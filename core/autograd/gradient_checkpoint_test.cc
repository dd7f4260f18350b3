#include "core/autograd/gradient_checkpoint.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/autograd/gradient_check.h"
#include "core/ops/basic.h"
#include "core/tensor/memory_pool.h"

namespace pretext {
namespace {

constexpr ForwardContext kKept{.training = true};
constexpr ForwardContext kComputedAgain{.training = true, .gradient_checkpointing = true};

// Three linear maps with an activation, D to D.
struct Block {
  explicit Block(int64_t width) {
    for (uint64_t i = 0; i < 3; ++i) weights.push_back(RandomParameter({width, width}, i, 0.2f));
  }

  Var operator()(Tape& tape, Var x) {
    for (Parameter& weight : weights) x = Linear(tape, x, weight, nullptr, Activation::kTanh);
    return x;
  }

  std::vector<Parameter> weights;
};

Var Through(Tape& tape, Block& block, Var x, const ForwardContext& context) {
  return Checkpointed(tape, x, context,
                      [&](Tape& part, Var in, const ForwardContext&) { return block(part, in); });
}

struct Result {
  Doubles y, dx;
  std::vector<Doubles> dweights;
  bool operator==(const Result&) const = default;
};

Result Pass(Block& block, const ForwardContext& context, const Tensor& input) {
  for (Parameter& weight : block.weights) weight.has_gradient = false;
  Tape tape;
  const Var x = tape.Leaf(input);
  Var y = x;
  for (int times = 0; times < 2; ++times) y = Through(tape, block, y, context);  // they add up
  Result result{.y = ToDoubles(y.value()), .dx = {}, .dweights = {}};
  tape.Backward(y, RandomTensor(y.shape(), 9));
  result.dx = ToDoubles(tape.LeafGradient(x));
  for (const Parameter& weight : block.weights) {
    EXPECT_EQ(weight.has_gradient, !weight.frozen);
    if (!weight.frozen) result.dweights.push_back(ToDoubles(weight.gradient));
  }
  return result;
}

TEST(GradientCheckpointTest, TheSameBits) {
  Block block(6);
  const Tensor input = RandomTensor({5, 6}, 4);
  EXPECT_EQ(Pass(block, kComputedAgain, input), Pass(block, kKept, input));
  block.weights[1].frozen = true;
  EXPECT_EQ(Pass(block, kComputedAgain, input), Pass(block, kKept, input));
}

TEST(GradientCheckpointTest, ParametersLearnThoughTheInputDoesNot) {
  Block block(6);
  Tape tape;
  const Var y = Through(tape, block, tape.Constant(RandomTensor({5, 6}, 4)), kComputedAgain);
  tape.Backward(y, RandomTensor(y.shape(), 9));
  for (const Parameter& weight : block.weights) EXPECT_TRUE(weight.has_gradient);
}

TEST(GradientCheckpointTest, AllFrozenPassesNothing) {
  Block block(6);
  for (Parameter& weight : block.weights) weight.frozen = true;
  Tape tape;
  const Var y = Through(tape, block, tape.Constant(RandomTensor({5, 6}, 4)), kComputedAgain);
  tape.Backward(y, RandomTensor(y.shape(), 9));
  for (const Parameter& weight : block.weights) EXPECT_FALSE(weight.has_gradient);
}

TEST(GradientCheckpointTest, SaysWhichPassItIs) {
  std::vector<ForwardContext> seen;
  Tape tape;
  const Var y = Checkpointed(tape, tape.Leaf(RandomTensor({1}, 1)), kComputedAgain,
                             [&](Tape&, Var in, const ForwardContext& context) {
                               seen.push_back(context);
                               return in;
                             });
  tape.Backward(y);
  ASSERT_EQ(seen.size(), 2);
  EXPECT_TRUE(seen[0].update_statistics && seen[0].writes_shared());
  EXPECT_FALSE(seen[1].writes_shared());
  Tape values(/*recording=*/false);  // evaluation computes once
  Checkpointed(values, values.Constant(RandomTensor({1}, 1)), kComputedAgain,
               [&](Tape&, Var in, const ForwardContext& context) {
                 seen.push_back(context);
                 return in;
               });
  ASSERT_EQ(seen.size(), 3);
  EXPECT_FALSE(seen[2].update_statistics);
}

// What eight blocks hold when the way back begins: each a value in place of three.
TEST(GradientCheckpointTest, HoldsTheInputsAlone) {
  constexpr int64_t kRows = 512, kWidth = 64;
  Block block(kWidth);
  const Tensor input = RandomTensor({kRows, kWidth}, 4);
  const auto held = [&](const ForwardContext& context) {
    const int64_t before = MemoryPool::stats().bytes_in_use;
    Tape tape;
    Var y = tape.Constant(input);
    for (int i = 0; i < 8; ++i) y = Through(tape, block, y, context);
    return MemoryPool::stats().bytes_in_use - before;
  };
  constexpr int64_t kValue = kRows * kWidth * static_cast<int64_t>(sizeof(float));
  EXPECT_GE(held(kKept), 3 * 8 * kValue);
  // The pool rounds sizes up, by a quarter at most; the leaf of each block has one number.
  EXPECT_LE(held(kComputedAgain), 8 * kValue * 5 / 4 + 8 * 4096);
}

}  // namespace
}  // namespace pretext
