#include "losses/dcl/dcl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "losses/dcl/dcl.pb.h"
#include "losses/testing/golden.h"

namespace pretext {
namespace {

const BuildContext kContext{.input = FlowType::Vector(8), .views = 2};

std::string FaultsAt(const BuildContext& context, float temperature) {
  Dcl config;
  config.set_temperature(temperature);
  return std::string(DclLoss::Create(config, context).status().message());
}

TEST(DclLoss, AgreesWithPyTorch) {
  for (const GoldenLoss& golden : ReadGoldenLosses("losses/dcl/dcl_golden.txt")) {
    DclLoss loss(static_cast<float>(golden.parameters[0]));
    // A cosine is good to a few eps · √D, a similarity to that over the temperature
    // (see kernels/nt_xent).
    const double tolerance = 1e-6 * (std::sqrt(golden.features) + 4) / golden.parameters[0];
    EXPECT_TRUE(AgreesWithGolden(loss, golden, tolerance));
    // The comparison sees a wrong temperature.
    DclLoss wrong(static_cast<float>(golden.parameters[0] * 1.01));
    EXPECT_TRUE(golden.loss == 0 || !AgreesWithGolden(wrong, golden, tolerance));
  }
}

TEST(DclLoss, FaultsOfTheConfig) {
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

TEST(DclLoss, OneSampleIsAttractedOnly) {
  Batch batch;
  batch.samples = 1;
  batch.views = 2;
  Tensor z = Tensor::Full({2, 4}, 1);
  z.data()[0] = -1;  // cosine 1/2
  Tape tape;
  DclLoss loss(0.1f);
  EXPECT_NEAR(loss.Compute(tape, {.value = tape.Leaf(z)}, batch).loss.value().item(), -5, 1e-5);
  EXPECT_FALSE(loss.Chance(1, 2).has_value());
  EXPECT_NEAR(*loss.Chance(4, 2), std::log(6.0), 1e-12);
  EXPECT_NEAR(*loss.Floor(4, 2), std::log(6.0) - 10, 1e-6);
}

}  // namespace
}  // namespace pretext
