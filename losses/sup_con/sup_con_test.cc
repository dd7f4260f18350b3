#include "losses/sup_con/sup_con.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/autograd/gradient_check.h"
#include "losses/sup_con/sup_con.pb.h"
#include "losses/testing/temperature.h"

namespace pretext {
namespace {

const BuildContext kContext{.input = FlowType::Vector(8), .views = 2, .labelled = true};

const CreateAtTemperature kCreate = Creator<SupConLoss, SupCon>();

TEST(SupConLoss, AgreesWithPyTorch) {
  ExpectAgreesWithGoldens("losses/sup_con/sup_con_golden.txt", kContext, kCreate);
}

TEST(SupConLoss, FaultsOfTheConfig) {
  ExpectNamesTemperatureAndShape(kContext, kCreate);
  BuildContext unlabelled = kContext;
  unlabelled.labelled = false;
  EXPECT_THAT(FaultOf(kCreate, unlabelled), testing::HasSubstr("the dataset has none"));
}

TEST(SupConLoss, WithoutPositivesIsZero) {
  Batch batch;
  batch.samples = 3;
  batch.labels = Int32s({-1, -1, -1});  // all unknown: no positives
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
