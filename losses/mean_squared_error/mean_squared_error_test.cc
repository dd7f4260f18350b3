#include "losses/mean_squared_error/mean_squared_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/autograd/gradient_check.h"
#include "losses/mean_squared_error/mean_squared_error.pb.h"

namespace pretext {
namespace {

const BuildContext kContext{.input = FlowType::Image(1, 2, 3), .sample = FlowType::Image(1, 2, 3)};

TEST(MeanSquaredError, ValueAndGradientOverTwoViews) {
  auto loss = MeanSquaredErrorLoss::Create(MeanSquaredError(), kContext);
  ASSERT_TRUE(loss.ok()) << loss.status();
  EXPECT_TRUE((*loss)->needs_clean());
  Batch batch{.samples = 4, .views = 2};
  batch.clean = RandomTensor({4, 1, 2, 3}, 9);
  const Doubles clean = ToDoubles(batch.clean);
  EXPECT_TRUE(CheckGradients(
      [&](Tape& tape, const std::vector<Var>& r) {
        const LossResult result = (*loss)->Compute(tape, {.value = r[0]}, batch);
        EXPECT_EQ(result.weight, 8);
        return result.loss;
      },
      {RandomTensor({8, 1, 2, 3}, 1)},
      [&](const std::vector<Doubles>& at) {
        double sum = 0;
        for (size_t i = 0; i < at[0].size(); ++i) {
          const double d = at[0][i] - clean[i % clean.size()];
          sum += d * d;
        }
        return Doubles{sum / static_cast<double>(at[0].size())};
      }));
}

TEST(MeanSquaredError, AHeadThatIsNoDecoderIsAFault) {
  const auto loss = MeanSquaredErrorLoss::Create(
      MeanSquaredError(), {.input = FlowType::Vector(32), .sample = FlowType::Image(1, 2, 3)});
  EXPECT_THAT(std::string(loss.status().message()),
              testing::HasSubstr("compares with the clean sample, image 1×2×3; the head gives "
                                 "vector 32. Use a decoder"));
}

TEST(MeanSquaredError, TheReconstructionCanReachItsTargets) {
  const FlowType any = FlowType::Vector(6);
  const auto ok = [](const FlowType& prediction, const FlowType& sample) {
    return MeanSquaredErrorLoss::Create(MeanSquaredError(), {.input = prediction, .sample = sample})
        .ok();
  };
  EXPECT_TRUE(ok(any, any));
  EXPECT_TRUE(ok(any.WithRange(kUnitRange), any));
  EXPECT_TRUE(ok(any.WithRange(kUnitRange), any.WithRange(kUnitRange)));
  EXPECT_TRUE(ok(any.WithRange(ValueRange()), any.WithRange(ValueRange{-3, 3})));
  EXPECT_FALSE(ok(any.WithRange(kUnitRange), any.WithRange(ValueRange{-1, 1})));
  EXPECT_FALSE(ok(any.WithRange(ValueRange{0, 9}), any.WithRange(ValueRange())));
}

}  // namespace
}  // namespace pretext
