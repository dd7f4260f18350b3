#include "losses/sup_con/sup_con.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "losses/sup_con/sup_con.pb.h"
#include "losses/testing/golden.h"

namespace pretext {
namespace {

const BuildContext kContext{.input = FlowType::Vector(8), .views = 2, .labelled = true};

std::string FaultsAt(const BuildContext& context, float temperature) {
  SupCon config;
  config.set_temperature(temperature);
  return std::string(SupConLoss::Create(config, context).status().message());
}

TEST(SupConLoss, AgreesWithPyTorch) {
  for (const GoldenLoss& golden : ReadGoldenLosses("losses/sup_con/sup_con_golden.txt")) {
    SupConLoss loss(static_cast<float>(golden.parameters[0]));
    // A cosine is good to a few eps · √D, a similarity to that over the temperature
    // (see kernels/nt_xent).
    const double tolerance = 1e-6 * (std::sqrt(golden.features) + 4) / golden.parameters[0];
    EXPECT_TRUE(AgreesWithGolden(loss, golden, tolerance));
    // The comparison sees a wrong temperature.
    SupConLoss wrong(static_cast<float>(golden.parameters[0] * 1.01));
    EXPECT_TRUE(golden.loss == 0 || !AgreesWithGolden(wrong, golden, tolerance));
  }
}

TEST(SupConLoss, FaultsOfTheConfig) {
  EXPECT_EQ(FaultsAt(kContext, 0.1f), "");
  for (float bad : {0.0f, -1.0f, NAN, INFINITY}) {
    EXPECT_THAT(FaultsAt(kContext, bad), testing::HasSubstr("temperature")) << bad;
  }
  BuildContext image = kContext;
  image.input = FlowType::Image(1, 28, 28);
  EXPECT_THAT(FaultsAt(image, 0.1f), testing::HasSubstr("the head gives image 1×28×28"));
  BuildContext unlabelled = kContext;
  unlabelled.labelled = false;
  EXPECT_THAT(FaultsAt(unlabelled, 0.1f), testing::HasSubstr("the dataset has none"));
}

TEST(SupConLoss, WithoutPositivesIsZero) {
  Batch batch;
  batch.samples = 3;
  batch.labels = Tensor::Zeros({3}, DType::kInt32);
  for (int32_t i = 0; i < 3; ++i) batch.labels.ints()[i] = -1;  // all unknown: no positives
  Tape tape;
  SupConLoss loss(0.1f);
  const Var z = tape.Leaf(Tensor::Full({3, 2}, 1));
  const LossResult result = loss.Compute(tape, {.value = z}, batch);
  EXPECT_EQ(result.loss.value().item(), 0);
  tape.Backward(result.loss);
  EXPECT_EQ(tape.LeafGradient(z).data()[0], 0);
  EXPECT_NEAR(*loss.Chance(256, 2), 6.236, 5e-4);
}

}  // namespace
}  // namespace pretext
