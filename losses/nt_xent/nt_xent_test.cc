#include "losses/nt_xent/nt_xent.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "losses/nt_xent/nt_xent.pb.h"
#include "losses/testing/steps.h"
#include "losses/testing/temperature.h"

namespace pretext {
namespace {

const BuildContext kContext{.input = FlowType::Vector(8), .views = 2};

const CreateAtTemperature kCreate = Creator<NtXentLoss, NtXent>();

TEST(NtXentLoss, AgreesWithPyTorch) {
  ExpectAgreesWithGoldens("losses/nt_xent/nt_xent_golden.txt", kContext, kCreate);
}

TEST(NtXentLoss, WithATargetItIsMoCoV3s) {
  for (const GoldenSteps& golden : ReadGoldenSteps("losses/nt_xent/nt_xent_target_golden.txt")) {
    // A cosine is good to a few eps · √D, a similarity to that over the temperature.
    constexpr double kTolerance = 2e-5;
    const auto agrees = Agreement<NtXentLoss, NtXent>(golden, kTolerance);
    EXPECT_TRUE(agrees());
    if (golden.samples == 1) continue;
    EXPECT_FALSE(
        agrees([](NtXent& config) { config.set_temperature(1.01f * config.temperature()); }));
  }
}

TEST(NtXentLoss, FaultsWithATarget) {
  const auto fault = [](const BuildContext& context) {
    return FaultOf<NtXentLoss>(NtXent(), context);
  };
  EXPECT_EQ(fault(TargetContext(8)), "");
  BuildContext other = TargetContext(8);
  other.target = FlowType::Vector(9);
  EXPECT_THAT(fault(other), testing::HasSubstr("its target vector 9"));
  EXPECT_THAT(fault(TargetContext(8, 1)), testing::HasSubstr("none of them different"));
  NtXent scaled;
  scaled.set_scale_by_temperature(true);
  EXPECT_THAT(FaultOf<NtXentLoss>(scaled, kContext), testing::HasSubstr("scale_by_temperature: "));
}

TEST(NtXentLoss, ChanceAndFloorWithATarget) {
  const Batch batch{.samples = 4, .views = 2};
  Tensor z = Tensor::Zeros({8, 4});
  for (int64_t i = 0; i < 8; ++i) z.data()[i * 4 + i % 4] = 2;
  for (const float scale : {1.0f, 0.6f}) {
    NtXentLoss loss(0.3f, /*with_target=*/true, scale);
    Tape tape;
    const Var value = tape.Constant(z);
    const LossResult best = loss.Compute(tape, {.value = value, .target = value}, batch);
    EXPECT_NEAR(best.loss.value().item(), *loss.Floor(4, 2), 1e-6);
    EXPECT_EQ(best.metrics[0].second, 1);
    const Var same = tape.Constant(Tensor::Full({8, 4}, 1));
    const LossResult blind = loss.Compute(tape, {.value = value, .target = same}, batch);
    EXPECT_NEAR(blind.loss.value().item(), *loss.Chance(4, 2), 1e-6);
  }
}

TEST(NtXentLoss, FaultsOfTheConfig) {
  ExpectNamesTemperatureAndShape(kContext, kCreate);
  BuildContext alone = kContext;
  alone.views = 1;
  EXPECT_THAT(FaultOf(kCreate, alone), testing::HasSubstr("at least 2 views"));
}

// N images, τ: figures derived by hand.
TEST(NtXentLoss, ChanceAndFloor) {
  EXPECT_NEAR(*NtXentLoss(0.5f).Chance(256, 2), 6.236, 5e-4);
  EXPECT_NEAR(*NtXentLoss(0.5f).Floor(512, 2), 4.937, 5e-4);
  EXPECT_NEAR(*NtXentLoss(0.1f).Floor(256, 2), 0.023, 5e-4);
  EXPECT_NEAR(*NtXentLoss(0.01f).Floor(256, 2), 0, 1e-9);
  // The floor is the loss at perfect alignment and orthogonality.
  const Batch batch{.samples = 4, .views = 2};
  Tensor z = Tensor::Zeros({8, 4});
  for (int64_t i = 0; i < 8; ++i) z.data()[i * 4 + i % 4] = 2;
  Tape tape;
  NtXentLoss loss(0.3f);
  const LossResult result = loss.Compute(tape, {.value = tape.Constant(z)}, batch);
  EXPECT_NEAR(result.loss.value().item(), *loss.Floor(4, 2), 1e-6);
  EXPECT_EQ(result.weight, 8);
  ASSERT_EQ(result.metrics.size(), 2u);
  EXPECT_NEAR(result.metrics[0].second, 1, 1e-6);        // the views of a sample coincide
  EXPECT_NEAR(result.metrics[1].second, 1.0 / 7, 1e-6);  // one other row of seven
}

TEST(NtXentLoss, NonFiniteIsReturnedAsNan) {
  const Batch batch{.samples = 2, .views = 2};
  Tensor z = Tensor::Full({4, 3}, 1);
  z.data()[5] = INFINITY;
  Tape tape;
  const Var leaf = tape.Leaf(z);
  const LossResult result = NtXentLoss(0.5f).Compute(tape, {.value = leaf}, batch);
  EXPECT_TRUE(std::isnan(result.loss.value().item()));
  tape.Backward(result.loss);
  EXPECT_TRUE(std::isnan(tape.LeafGradient(leaf).data()[0]));
  NtXentLoss with_target(0.5f, /*with_target=*/true);
  ExpectNonFiniteIsReturned(with_target, 3, 4);
}

}  // namespace
}  // namespace pretext
