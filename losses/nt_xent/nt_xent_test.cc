#include "losses/nt_xent/nt_xent.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "losses/nt_xent/nt_xent.pb.h"
#include "losses/testing/temperature.h"

namespace pretext {
namespace {

const BuildContext kContext{.input = FlowType::Vector(8), .views = 2};

const CreateAtTemperature kCreate = Creator<NtXentLoss, NtXent>();

TEST(NtXentLoss, AgreesWithPyTorch) {
  ExpectAgreesWithGoldens("losses/nt_xent/nt_xent_golden.txt", kContext, kCreate);
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
