#include "core/autograd/autograd.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "core/autograd/gradient_check.h"
#include "core/ops/basic.h"
#include "core/tensor/memory_pool.h"

namespace pretext {
namespace {

// y = s·x, with the gradient multiplied by `fault` (1: right).
Var Times(Tape& tape, Var x, float s, float fault = 1.0f) {
  Tensor y = x.value().Clone();
  for (int64_t i = 0; i < y.size(); ++i) y.data()[i] *= s;
  return tape.Record("scale", std::move(y), {x}, [&tape, x, s, fault](const Tensor& dy) {
    Gradient dx = tape.GradientOf(x);
    if (!dx.wanted()) return;
    for (int64_t i = 0; i < dy.size(); ++i) {
      const float g = fault * s * dy.data()[i];
      dx.data()[i] = dx.accumulate() ? dx.data()[i] + g : g;
    }
  });
}

Doubles Times(Doubles x, double s) {
  for (double& v : x) v *= s;
  return x;
}

TEST(Autograd, AValueUsedTwiceSumsItsGradients) {
  Tape tape;
  Var x = tape.Leaf(Tensor::Full({1}, 2.0f));
  Var y = Add(tape, Times(tape, x, 3), Add(tape, x, x));
  EXPECT_EQ(y.value().item(), 10.0f);
  tape.Backward(y);
  EXPECT_EQ(tape.LeafGradient(x).item(), 5.0f);
}

TEST(AutogradDeathTest, ASecondBackwardIsNotSilent) {
  Tape tape;
  const Var y = Times(tape, tape.Leaf(Tensor::Full({1}, 2.0f)), 3);
  tape.Backward(y);
  EXPECT_DEATH(tape.Backward(y), "Backward\\(\\) twice on a tape");
  tape.Reset();
  const Var x = tape.Leaf(Tensor::Full({1}, 2.0f));
  tape.Backward(Times(tape, x, 3));
  EXPECT_EQ(tape.LeafGradient(x).item(), 3.0f);
}

// Add hands the same tensor to both inputs; adding to one must not change the other's.
TEST(Autograd, SharedGradientsAreNotWrittenInPlace) {
  Tape tape;
  Var a = tape.Leaf(Tensor::Full({1}, 1.0f)), b = tape.Leaf(Tensor::Full({1}, 1.0f));
  Var a2 = Times(tape, a, 1), b2 = Times(tape, b, 1);
  Var y = Add(tape, Add(tape, a2, b2), a2);
  tape.Backward(y);
  EXPECT_EQ(tape.LeafGradient(a).item(), 2.0f);
  EXPECT_EQ(tape.LeafGradient(b).item(), 1.0f);
}

TEST(Autograd, ParametersAccumulateOverPassesUntilZeroed) {
  ParameterSet set;
  Parameter* w = set.Add("w", Role::kWeight, {2}, Initializer::Constant(1));
  set.Allocate("p", 0);
  EXPECT_EQ(w->name, "p.w");
  for (int pass = 1; pass <= 2; ++pass) {
    Tape tape;
    Var y = Times(tape, tape.Use(*w), 4);
    tape.Backward(y, Tensor::Full({2}, 1.0f));
    EXPECT_EQ(w->gradient.data()[1], 4.0f * pass);
  }
  set.ZeroGradients();
  Tape tape;
  tape.Backward(Times(tape, tape.Use(*w), 2), Tensor::Full({2}, 1.0f));
  EXPECT_EQ(w->gradient.data()[0], 2.0f);
}

TEST(Autograd, ConstantsAndEvaluationRecordNothing) {
  Tape tape(false);
  Var x = tape.Leaf(Tensor::Full({1}, 2.0f));
  EXPECT_FALSE(Times(tape, x, 3).requires_gradient());
  Tape training;
  EXPECT_FALSE(Times(training, training.Constant(Tensor::Full({1}, 2.0f)), 3).requires_gradient());
}

TEST(Autograd, FindsWhereANonFiniteValueAppearedFirst) {
  Tape tape;
  Var x = tape.Leaf(Tensor::Full({3}, 1.0f));
  EXPECT_EQ(tape.FindNonFinite(), "");
  Var y = Times(tape, x, std::numeric_limits<float>::infinity());
  Times(tape, y, 0);
  EXPECT_EQ(tape.FindNonFinite(), "operation scale (node 1), 3, element 0 is inf");
  // A single number, as losses are, has no shape to name.
  Tape of_loss;
  of_loss.Constant(Tensor::Full(Shape(), std::numeric_limits<float>::infinity()));
  const std::string found = of_loss.FindNonFinite();
  EXPECT_NE(found.find("(node 0), element 0 is inf"), std::string::npos) << found;
}

TEST(Autograd, ASteadyStepAllocatesNothing) {
  Tape tape;
  const auto step = [&] {
    Var x = tape.Leaf(RandomTensor({64, 64}, 1));
    Var y = x;
    for (int i = 0; i < 200; ++i) y = Add(tape, Times(tape, y, 0.5f), x);
    tape.Backward(y, RandomTensor({64, 64}, 2));
    tape.Reset();
  };
  step();
  const int64_t misses = MemoryPool::stats().misses;
  for (int i = 0; i < 3; ++i) step();
  EXPECT_EQ(MemoryPool::stats().misses, misses);
}

TEST(CheckGradients, PassesWhatIsRightAndCatchesWhatIsNot) {
  const auto check = [](float fault) {
    return CheckGradients(
        [fault](Tape& tape, const std::vector<Var>& in) { return Times(tape, in[0], 3, fault); },
        {RandomTensor({4, 7}, 1)}, [](const std::vector<Doubles>& in) { return Times(in[0], 3); });
  };
  EXPECT_TRUE(check(1.0f));
  EXPECT_FALSE(check(0.0f));
  EXPECT_FALSE(check(-1.0f));
  EXPECT_FALSE(check(1.01f));
  EXPECT_FALSE(check(std::numeric_limits<float>::quiet_NaN()));
}

TEST(AllClose, NaNInfinityAndSizeNeverPass) {
  const double nan = std::nan(""), inf = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(AllClose({-5, 2}, {-5, 2}, 1e-6));
  EXPECT_FALSE(AllClose({-5, 2}, {-100, 2}, 1e-2));
  EXPECT_FALSE(AllClose({nan}, {1}, 1));
  EXPECT_FALSE(AllClose({1}, {nan}, 1));
  EXPECT_FALSE(AllClose({inf}, {1}, 1));
  EXPECT_FALSE(AllClose({1, 2}, {1}, 1));
  EXPECT_FALSE(AllClose({0.1}, {0.0}, 1e-3));
}

TEST(ParameterSet, BuffersAreDrawnAsParametersAre) {
  ParameterSet set;
  const Buffer* rows = set.AddBuffer("rows", {40, 5}, Initializer::UnitRows());
  const Buffer* same = set.AddBuffer("rows", {40, 5}, Initializer::UnitRows());
  const Buffer* others = set.AddBuffer("others", {40, 5}, Initializer::UnitRows());
  const Buffer* constant = set.AddBuffer("constant", {3}, 2);
  set.Allocate("loss", 1);
  EXPECT_EQ(ToDoubles(rows->value), ToDoubles(same->value));
  EXPECT_NE(ToDoubles(rows->value), ToDoubles(others->value));
  EXPECT_EQ(ToDoubles(constant->value), Doubles({2, 2, 2}));
  for (int64_t r = 0; r < 40; ++r) {
    double square = 0;
    for (int64_t c = 0; c < 5; ++c) square += std::pow(rows->value.data()[r * 5 + c], 2);
    EXPECT_NEAR(square, 1, 1e-6);
  }
}

}  // namespace
}  // namespace pretext
