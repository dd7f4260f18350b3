#include "losses/dcl/dcl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "losses/dcl/dcl.pb.h"
#include "losses/testing/temperature.h"

namespace pretext {
namespace {

const BuildContext kContext{.input = FlowType::Vector(8), .views = 2};

const CreateAtTemperature kCreate = Creator<DclLoss, Dcl>();

TEST(DclLoss, AgreesWithPyTorch) {
  ExpectAgreesWithGoldens("losses/dcl/dcl_golden.txt", kContext, kCreate);
}

TEST(DclLoss, FaultsOfTheConfig) {
  ExpectNamesTemperatureAndShape(kContext, kCreate);
  BuildContext alone = kContext;
  alone.views = 1;
  EXPECT_THAT(FaultOf(kCreate, alone), testing::HasSubstr("at least 2 views"));
}

TEST(DclLoss, OneSampleIsAttractedOnly) {
  const Batch batch{.samples = 1, .views = 2};
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
