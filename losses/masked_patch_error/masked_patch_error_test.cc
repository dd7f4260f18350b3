#include "losses/masked_patch_error/masked_patch_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "core/autograd/gradient_check.h"
#include "losses/masked_patch_error/masked_patch_error.pb.h"

namespace pretext {
namespace {

constexpr int64_t kC = 3, kH = 4, kW = 6, kP = 2, kL = 6, kSize = kP * kP * kC;

// Two views of two pictures; 2 of 6 patches are masked.
FlowType View() { return FlowType::Image(kC, kH, kW).WithMaskedPatches(kP, 4); }

Batch MakeBatch() {
  return {.samples = 2,
          .views = 2,
          .type = View(),
          .input = RandomTensor(View().Batch(4), 9),
          .masked_positions = Int32s({0, 5, 7, 8, 14, 16, 20, 23})};
}

Doubles TargetOf(const Batch& batch, int64_t number, bool normalize) {
  const int64_t n = number / kL, top = number % kL / 3 * kP, left = number % kL % 3 * kP;
  Doubles patch;
  for (int64_t i = 0; i < kP; ++i) {
    for (int64_t j = 0; j < kP; ++j) {
      for (int64_t c = 0; c < kC; ++c)
        patch.push_back(batch.input.data()[((n * kC + c) * kH + top + i) * kW + left + j]);
    }
  }
  if (!normalize) return patch;
  double mean = 0, variance = 0;
  for (const double v : patch) mean += v / kSize;
  for (const double v : patch) variance += (v - mean) * (v - mean) / (kSize - 1);
  for (double& v : patch) v = (v - mean) / std::sqrt(variance + 1e-6);
  return patch;
}

TEST(MaskedPatchError, ValueAndGradient) {
  const Batch batch = MakeBatch();
  for (const bool normalize : {true, false}) {
    MaskedPatchError config;
    config.set_normalize(normalize);
    const auto loss = MaskedPatchErrorLoss::Create(
        config, {.input = FlowType::Sequence(2, kSize), .view = View()});
    ASSERT_TRUE(loss.ok()) << loss.status();
    EXPECT_FALSE((*loss)->needs_clean());
    EXPECT_TRUE(CheckGradients(
        [&](Tape& tape, const std::vector<Var>& in) {
          const LossResult result = (*loss)->Compute(tape, {.value = in[0]}, batch);
          EXPECT_EQ(result.weight, 8);
          return result.loss;
        },
        {RandomTensor({4, 2, kSize}, 1)},
        [&](const std::vector<Doubles>& at) {
          double sum = 0;
          for (int64_t m = 0; m < 8; ++m) {
            const Doubles target = TargetOf(batch, batch.masked_positions.ints()[m], normalize);
            for (int64_t e = 0; e < kSize; ++e)
              sum += std::pow(at[0][m * kSize + e] - target[e], 2) / (8 * kSize);
          }
          return Doubles{sum};
        }));
  }
}

TEST(MaskedPatchError, APatchOfOneValueHasATargetOfZero) {
  Batch batch = MakeBatch();
  batch.input = Tensor::Full(View().Batch(4), 0.3f);
  const auto loss = MaskedPatchErrorLoss::Create(
      MaskedPatchError(), {.input = FlowType::Sequence(2, kSize), .view = View()});
  Tape tape;
  const Var z = tape.Constant(Tensor::Zeros({4, 2, kSize}));
  EXPECT_NEAR((*loss)->Compute(tape, {.value = z}, batch).loss.value().item(), 0, 1e-6);
}

TEST(MaskedPatchError, EveryFaultIsNamed) {
  const auto fault = [](const FlowType& z, const FlowType& view) {
    return std::string(MaskedPatchErrorLoss::Create(MaskedPatchError(), {.input = z, .view = view})
                           .status()
                           .message());
  };
  EXPECT_THAT(fault(FlowType::Sequence(2, 11), View()),
              testing::HasSubstr("sequence 2×12; this head gives "
                                 "sequence 2×11"));
  EXPECT_THAT(fault(FlowType::Vector(8), FlowType::Image(kC, kH, kW)),
              testing::HasSubstr("compares masked patches, and there are none"));
  BuildContext groups{.view = View(), .views = 3};
  EXPECT_THAT(
      std::string(MaskedPatchErrorLoss::Create(MaskedPatchError(), groups).status().message()), "");
  groups.value_views = {0, 1, 2};  // as where they come in groups
  EXPECT_THAT(
      std::string(MaskedPatchErrorLoss::Create(MaskedPatchError(), groups).status().message()),
      testing::HasSubstr("compares with the pictures of one group of views"));
  MaskedPatchError config;
  config.set_epsilon(0);
  EXPECT_THAT(std::string(MaskedPatchErrorLoss::Create(config, BuildContext()).status().message()),
              testing::HasSubstr("epsilon: "));
}

}  // namespace
}  // namespace pretext
