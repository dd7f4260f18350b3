#include "losses/nt_xent/nt_xent.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "losses/nt_xent/nt_xent.pb.h"
#include "losses/testing/golden.h"

namespace pretext {
namespace {

const BuildContext kContext{.input = FlowType::Vector(8), .views = 2};

std::string FaultsAt(const BuildContext& context, float temperature) {
  NtXent config;
  config.set_temperature(temperature);
  return std::string(NtXentLoss::Create(config, context).status().message());
}

TEST(NtXentLoss, AgreesWithPyTorch) {
  for (const GoldenLoss& golden : ReadGoldenLosses("losses/nt_xent/nt_xent_golden.txt")) {
    NtXentLoss loss(static_cast<float>(golden.parameters[0]));
    // A cosine is good to a few eps · √D, a similarity to that over the temperature
    // (see kernels/nt_xent).
    const double tolerance = 1e-6 * (std::sqrt(golden.features) + 4) / golden.parameters[0];
    EXPECT_TRUE(AgreesWithGolden(loss, golden, tolerance));
    // The comparison sees a wrong temperature.
    NtXentLoss wrong(static_cast<float>(golden.parameters[0] * 1.01));
    EXPECT_TRUE(golden.loss == 0 || !AgreesWithGolden(wrong, golden, tolerance));
  }
}

TEST(NtXentLoss, FaultsOfTheConfig) {
  EXPECT_EQ(FaultsAt(kContext, 0.1f), "");
  for (float bad : {0.0f, -1.0f, NAN, INFINITY}) {
    EXPECT_THAT(FaultsAt(kContext, bad), testing::HasSubstr("temperature")) << bad;
  }
  BuildContext image = kContext;
  image.input = FlowType::Image(1, 28, 28);
  EXPECT_THAT(FaultsAt(image, 0.1f), testing::HasSubstr("the head gives image 1×28×28"));
  BuildContext alone = kContext;
  alone.views = 1;
  EXPECT_THAT(FaultsAt(alone, 0.1f), testing::HasSubstr("at least 2 views"));
}

// N images, τ: figures derived by hand.
TEST(NtXentLoss, ChanceAndFloor) {
  EXPECT_NEAR(*NtXentLoss(0.5f).Chance(256, 2), 6.236, 5e-4);
  EXPECT_NEAR(*NtXentLoss(0.5f).Floor(512, 2), 4.937, 5e-4);
  EXPECT_NEAR(*NtXentLoss(0.1f).Floor(256, 2), 0.023, 5e-4);
  EXPECT_NEAR(*NtXentLoss(0.01f).Floor(256, 2), 0, 1e-9);
  // The floor is the loss at perfect alignment and orthogonality.
  Batch batch;
  batch.samples = 4;
  batch.views = 2;
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
  Batch batch;
  batch.samples = 2;
  batch.views = 2;
  Tensor z = Tensor::Full({4, 3}, 1);
  z.data()[5] = INFINITY;
  Tape tape;
  const Var leaf = tape.Leaf(z);
  const LossResult result = NtXentLoss(0.5f).Compute(tape, {.value = leaf}, batch);
  EXPECT_TRUE(std::isnan(result.loss.value().item()));
  tape.Backward(result.loss);
  EXPECT_TRUE(std::isnan(tape.LeafGradient(leaf).data()[0]));
}

}  // namespace
}  // namespace pretext
