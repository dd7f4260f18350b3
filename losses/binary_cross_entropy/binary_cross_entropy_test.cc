#include "losses/binary_cross_entropy/binary_cross_entropy.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/status/fault.h"
#include "core/autograd/gradient_check.h"
#include "losses/binary_cross_entropy/binary_cross_entropy.pb.h"

namespace pretext {
namespace {

std::unique_ptr<Loss> Build() {
  auto loss = BinaryCrossEntropyLoss::Create(
      BinaryCrossEntropy(), {.input = FlowType::Vector(6), .sample = FlowType::Vector(6)});
  EXPECT_TRUE(loss.ok()) << loss.status();
  return *std::move(loss);
}

TEST(BinaryCrossEntropy, ValueAndGradient) {
  const auto loss = Build();
  Batch batch;
  batch.samples = 4;
  batch.clean = Tensor::Uninitialized({4, 6});
  for (int64_t i = 0; i < 24; ++i) batch.clean.data()[i] = static_cast<float>(i) / 24;
  const Doubles clean = ToDoubles(batch.clean);
  EXPECT_TRUE(CheckGradients(
      [&](Tape& tape, const std::vector<Var>& l) {
        return loss->Compute(tape, {.value = l[0]}, batch).loss;
      },
      {RandomTensor({4, 6}, 1, 3.0f)},
      [&](const std::vector<Doubles>& at) {
        double sum = 0;
        for (size_t i = 0; i < clean.size(); ++i) {
          const double p = 1 / (1 + std::exp(-at[0][i]));
          sum -= clean[i] * std::log(p) + (1 - clean[i]) * std::log(1 - p);
        }
        return Doubles{sum / static_cast<double>(clean.size())};
      }));
}

TEST(BinaryCrossEntropy, TakesLogitsAndTargetsFromZeroToOne) {
  const FlowType any = FlowType::Vector(6);
  const auto faults = [](const FlowType& prediction, const FlowType& sample) {
    const auto loss = BinaryCrossEntropyLoss::Create(BinaryCrossEntropy(),
                                                     {.input = prediction, .sample = sample});
    return FaultsOf(loss.status()).size();
  };
  EXPECT_EQ(faults(any, any), 0);
  EXPECT_EQ(faults(any.WithRange(ValueRange()), any.WithRange(kUnitRange)), 0);
  EXPECT_EQ(faults(any.WithRange(kUnitRange), any), 1) << "a sigmoid before the loss's own";
  EXPECT_EQ(faults(any.WithRange(ValueRange{-1, 1}), any), 1);
  EXPECT_EQ(faults(any, any.WithRange(ValueRange{-1, 1})), 1);
  EXPECT_EQ(faults(any, any.WithRange(ValueRange())), 1) << "standardized";
  EXPECT_EQ(faults(any.WithRange(kUnitRange), any.WithRange(ValueRange{0, 255})), 2);
}

TEST(BinaryCrossEntropy, TheReconstructionIsTheProbability) {
  EXPECT_EQ(Build()->Reconstruction(Tensor::Zeros({2, 3})).data()[5], 0.5f);
}

}  // namespace
}  // namespace pretext
