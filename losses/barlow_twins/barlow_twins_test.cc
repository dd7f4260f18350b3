#include "losses/barlow_twins/barlow_twins.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "losses/barlow_twins/barlow_twins.pb.h"
#include "losses/testing/golden.h"

namespace pretext {
namespace {

// Sums of N products of standardised values, and of D², in single precision: errors of a few eps ·
// √(N D), and the standardisation's own where a feature hardly varies (two samples).
constexpr double kTolerance = 2e-5;

TEST(BarlowTwinsLoss, AgreesWithPyTorch) {
  for (const GoldenLoss& golden : ReadGoldenLosses("losses/barlow_twins/barlow_twins_golden.txt")) {
    BarlowTwinsLoss loss(static_cast<float>(golden.parameters[0]));
    EXPECT_TRUE(AgreesWithGolden(loss, golden, kTolerance));
    BarlowTwinsLoss wrong(static_cast<float>(golden.parameters[0] + 0.01));
    EXPECT_FALSE(AgreesWithGolden(wrong, golden, kTolerance));
  }
}

TEST(BarlowTwinsLoss, OneSampleCostsTheDimension) {
  const Batch batch{.samples = 1, .views = 2};
  Tape tape;
  BarlowTwinsLoss loss(0.0051f);
  const Var z = tape.Leaf(Tensor::Full({2, 5}, 3));
  const LossResult result = loss.Compute(tape, {.value = z}, batch);
  EXPECT_EQ(result.loss.value().item(), 5);
  tape.Backward(result.loss);
  for (int64_t i = 0; i < 10; ++i) EXPECT_EQ(tape.LeafGradient(z).data()[i], 0);
}

TEST(BarlowTwinsLoss, NanPropagates) {
  const Batch batch{.samples = 3, .views = 2};
  Tensor rows = Tensor::Full({6, 2}, 1);
  rows.data()[3] = NAN;
  Tape tape;
  EXPECT_TRUE(std::isnan(BarlowTwinsLoss(0.1f)
                             .Compute(tape, {.value = tape.Constant(rows)}, batch)
                             .loss.value()
                             .item()));
}

TEST(BarlowTwinsLoss, FaultsOfTheConfig) {
  const auto faults = [](const BuildContext& context, float weight) {
    BarlowTwins config;
    config.set_off_diagonal_weight(weight);
    return std::string(BarlowTwinsLoss::Create(config, context).status().message());
  };
  EXPECT_EQ(faults({.input = FlowType::Vector(8), .views = 2}, 0), "");
  EXPECT_THAT(faults({.input = FlowType::Vector(8), .views = 2}, -1),
              testing::HasSubstr("off_diagonal_weight"));
  EXPECT_THAT(faults({.input = FlowType::Image(1, 2, 2), .views = 1}, 1),
              testing::AllOf(testing::HasSubstr("image 1×2×2"), testing::HasSubstr("2 views")));
}

}  // namespace
}  // namespace pretext
