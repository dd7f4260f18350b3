#include "losses/vis_reg/vis_reg.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/autograd/gradient_check.h"
#include "losses/testing/steps.h"
#include "losses/vis_reg/sorted_quantiles.h"
#include "losses/vis_reg/vis_reg.pb.h"

namespace pretext {
namespace {

using testing::HasSubstr;

// Sums of a few numbers around 1; directions are drawn in single precision.
constexpr double kTolerance = 1e-5;

VisRegLoss::Options SmallOptions() {
  return {.lambda = 0.6f, .slices = 8, .scale = 1, .shape = 1, .center = 1, .epsilon = 1e-4f};
}

TEST(VisRegLoss, AgreesWithPyTorch) {
  for (const GoldenSteps& golden : ReadGoldenSteps("losses/vis_reg/vis_reg_golden.txt")) {
    const auto agrees = Agreement<VisRegLoss, VisReg>(golden, kTolerance);
    EXPECT_TRUE(agrees());
    EXPECT_FALSE(agrees([](VisReg& config) { config.set_lambda(0.99f * config.lambda()); }));
    EXPECT_FALSE(agrees([](VisReg& config) { config.set_slices(config.slices() + 1); }));
    EXPECT_FALSE(
        agrees([](VisReg& config) { config.set_scale_weight(config.scale_weight() + 0.01f); }));
    EXPECT_FALSE(
        agrees([](VisReg& config) { config.set_shape_weight(config.shape_weight() + 0.01f); }));
    EXPECT_FALSE(
        agrees([](VisReg& config) { config.set_center_weight(config.center_weight() + 0.01f); }));
  }
}

TEST(SortedQuantiles, NormalQuantile) {
  for (const double x : {-8.0, -5.5, -2.0, -1.9, -0.3, 0.0, 1e-9, 0.7, 1.97, 1.98, 4.0}) {
    const double q = 0.5 * std::erfc(-x / std::sqrt(2.0));
    // In the upper tail q itself is rounded.
    EXPECT_NEAR(NormalQuantile(q), x, 1e-12 + 1e-16 * std::exp(0.5 * x * x) * (x > 0 ? 3 : 0)) << x;
  }
}

TEST(SortedQuantiles, ValueAndGradient) {
  constexpr size_t kSamples = 7, kSlices = 35;
  EXPECT_TRUE(CheckGradients(
      [&](Tape& tape, const std::vector<Var>& in) {
        return SortedQuantiles(tape, in[0], kSamples);
      },
      {RandomTensor({2 * kSamples, kSlices}, 1)},
      [&](const std::vector<Doubles>& in) -> Doubles {
        return {MeanOverSlices(in[0], kSamples, kSlices, [&](Doubles p) {
          std::sort(p.begin(), p.end());
          double sum = 0;
          for (size_t i = 0; i < kSamples; ++i)
            sum += std::pow(p[i] - NormalQuantile((i + 1.0) / (kSamples + 1)), 2);
          return sum / kSamples;
        })};
      }));
}

TEST(SortedQuantiles, EqualSamplesHaveRanksOfTheirOwn) {
  Tape tape;
  const Var p = tape.Leaf(Tensor::Zeros({3, 1}));
  tape.Backward(SortedQuantiles(tape, p, 3));
  const double q = NormalQuantile(0.75);
  EXPECT_TRUE(AllClose(ToDoubles(tape.LeafGradient(p)), {2 * q / 3, 0, -2 * q / 3}, 1e-6));
}

TEST(VisRegLoss, AFeatureOfOneValueHasAGradient) {
  VisRegLoss loss(SmallOptions());
  const Batch batch{.samples = 3, .views = 2};
  Tape tape;
  const Var z = tape.Leaf(Tensor::Full({6, 4}, 2));
  const LossResult result = loss.Compute(tape, {.value = z}, batch);
  EXPECT_NEAR(result.metrics[1].second, 1, 1e-5);  // as far as a deviation of 0 is from 1
  tape.Backward(result.loss);
  EXPECT_EQ(FirstNonFinite(tape.LeafGradient(z)), -1);
}

TEST(VisRegLoss, AnEvaluationHasTheSameDirectionsAlways) {
  VisRegLoss loss(SmallOptions());
  ExpectDirectionsOfTheStep(loss);
}

TEST(VisRegLoss, FaultsOfTheConfig) {
  VisReg config;
  config.set_lambda(-0.1f);
  config.set_slices(1 << 20);
  config.set_scale_weight(-1);
  config.set_shape_weight(NAN);
  config.set_center_weight(-1);
  config.set_epsilon(0);
  const BuildContext context{.input = FlowType::Vector(8), .views = 1};
  for (const char* fault : {"lambda: ", "slices: ", "scale_weight: ", "shape_weight: ",
                            "center_weight: ", "epsilon: ", "at least 2 views"}) {
    EXPECT_THAT(FaultOf<VisRegLoss>(config, context), HasSubstr(fault));
  }
  ExpectNamesFaultsOfViews(
      [](const BuildContext& in) { return FaultOf<VisRegLoss>(VisReg(), in); });
}

TEST(VisRegLoss, SomeTermIsWeighed) {
  const BuildContext context{.input = FlowType::Vector(8), .views = 2};
  VisReg config;
  config.set_scale_weight(0);
  config.set_shape_weight(0);
  config.set_center_weight(0);
  EXPECT_EQ(FaultOf<VisRegLoss>(config, context), "") << "the distance to the centers is left";
  config.set_lambda(1);
  EXPECT_THAT(FaultOf<VisRegLoss>(config, context), HasSubstr("weighs none of its terms"));
  config.set_center_weight(0.5f);
  EXPECT_EQ(FaultOf<VisRegLoss>(config, context), "");
}

TEST(VisRegLoss, NonFiniteIsReturned) {
  VisRegLoss loss(SmallOptions());
  ExpectNonFiniteAlongDirectionsIsReturned(loss);
}

}  // namespace
}  // namespace pretext
