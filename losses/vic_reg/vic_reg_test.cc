#include "losses/vic_reg/vic_reg.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "losses/testing/golden.h"
#include "losses/vic_reg/vic_reg.pb.h"

namespace pretext {
namespace {

// Sums of N products and of D² in single precision: a few eps · √(N D).
constexpr double kTolerance = 1e-5;

VicRegLoss::Weights WeightsOf(const GoldenLoss& golden, double scale) {
  return {static_cast<float>(scale * golden.parameters[0]),
          static_cast<float>(scale * golden.parameters[1]),
          static_cast<float>(scale * golden.parameters[2])};
}

TEST(VicRegLoss, AgreesWithPyTorch) {
  for (const GoldenLoss& golden : ReadGoldenLosses("losses/vic_reg/vic_reg_golden.txt")) {
    VicRegLoss loss(WeightsOf(golden, 1));
    EXPECT_TRUE(AgreesWithGolden(loss, golden, kTolerance));
    VicRegLoss wrong(WeightsOf(golden, 1.001));
    EXPECT_TRUE(golden.loss == 0 || !AgreesWithGolden(wrong, golden, kTolerance));
  }
}

// With one sample the features do not vary at all, and nothing pushes them.
TEST(VicRegLoss, OneSample) {
  const Batch batch{.samples = 1, .views = 2};
  Tensor rows = Tensor::Full({2, 4}, 1);
  for (int64_t d = 0; d < 4; ++d) rows.data()[d] = 3;
  Tape tape;
  VicRegLoss loss({1, 1, 1});
  const LossResult result = loss.Compute(tape, {.value = tape.Leaf(rows)}, batch);
  ASSERT_EQ(result.metrics.size(), 3u);
  EXPECT_NEAR(result.metrics[0].second, 4, 1e-6);     // invariance: 2²
  EXPECT_NEAR(result.metrics[1].second, 0.99, 1e-6);  // variance: 1 - √1e-4
  EXPECT_EQ(result.metrics[2].second, 0);
  EXPECT_NEAR(result.loss.value().item(), 4.99, 1e-5);
}

TEST(VicRegLoss, NanPropagates) {
  const Batch batch{.samples = 3, .views = 2};
  Tensor rows = Tensor::Full({6, 2}, 1);
  rows.data()[3] = NAN;
  for (const VicRegLoss::Weights weights :
       {VicRegLoss::Weights{1, 0, 0}, VicRegLoss::Weights{0, 1, 0}}) {
    Tape tape;
    VicRegLoss loss(weights);
    const LossResult result = loss.Compute(tape, {.value = tape.Constant(rows)}, batch);
    EXPECT_TRUE(std::isnan(result.loss.value().item()));
  }
}

TEST(VicRegLoss, FaultsOfTheConfig) {
  const auto faults = [](const VicReg& config) {
    return std::string(
        VicRegLoss::Create(config, {.input = FlowType::Vector(8), .views = 2}).status().message());
  };
  EXPECT_EQ(faults(VicReg()), "");
  VicReg bad;
  bad.set_invariance_weight(-1);
  bad.set_variance_weight(NAN);
  bad.set_covariance_weight(INFINITY);
  EXPECT_THAT(faults(bad), testing::AllOf(testing::HasSubstr("invariance_weight"),
                                          testing::HasSubstr("variance_weight"),
                                          testing::HasSubstr("covariance_weight")));
  VicReg nothing;
  nothing.set_invariance_weight(0);
  nothing.set_variance_weight(0);
  EXPECT_EQ(faults(nothing), "") << "one term is a loss";
  nothing.set_covariance_weight(0);
  EXPECT_THAT(faults(nothing), testing::HasSubstr("weighs none of its terms"));
}

}  // namespace
}  // namespace pretext
