#include "core/ops/residual.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/autograd/gradient_check.h"

namespace pretext {
namespace {

constexpr int64_t kSamples = 40, kTokens = 3, kD = 18;

ForwardContext Training() {
  ForwardContext context{.training = true};
  context.seed = 3;
  return context;
}

// Which samples' branches are left out: those whose rows are the residual's.
std::vector<bool> LeftOut(const ResidualBranch& branch, const ForwardContext& context,
                          int64_t samples = kSamples) {
  Tape tape(false);
  const Tensor y =
      branch(tape, tape.Constant(Tensor::Full({samples * kTokens, kD}, 1)),
             tape.Constant(Tensor::Zeros({samples * kTokens, kD})), kTokens, Tensor(), context)
          .value();
  std::vector<bool> left;
  for (int64_t n = 0; n < samples; ++n) {
    left.push_back(y.data()[n * kTokens * kD] == 0);
    for (int64_t i = 0; i < kTokens * kD; ++i)
      EXPECT_EQ(y.data()[n * kTokens * kD + i], y.data()[n * kTokens * kD])
          << "a sample as a whole";
  }
  return left;
}

TEST(ResidualBranch, ValuesAndGradients) {
  Parameter scale = RandomParameter({kD}, 5);
  const ForwardContext context = Training();
  for (const float p : {0.0f, 0.4f}) {
    ResidualBranch branch{&scale, {p, 7}};
    ResidualBranch bare{nullptr, {p, 7}};
    const std::vector<bool> left = LeftOut(bare, context);
    EXPECT_EQ(bare.active(context), p > 0);
    const double keep = 65536.0 / (65536 - std::lround(p * 65536));
    for (const bool scaled : {true, false}) {
      EXPECT_TRUE(CheckGradients(
          [&](Tape& tape, const std::vector<Var>& in) {
            return (scaled ? branch : bare)(tape, in[0], in[1], kTokens, Tensor(), context);
          },
          {RandomTensor({kSamples * kTokens, kD}, 1), RandomTensor({kSamples * kTokens, kD}, 2)},
          [&](const std::vector<Doubles>& in) {
            Doubles y(in[0].size());
            for (size_t i = 0; i < y.size(); ++i) {
              const double factor = left[i / (kTokens * kD)] ? 0 : keep;
              y[i] = in[1][i] + factor * (scaled ? in[2][i % kD] : 1) * in[0][i];
            }
            return y;
          },
          {.parameters = scaled ? std::vector<Parameter*>{&scale} : std::vector<Parameter*>{}}));
    }
  }
}

TEST(ResidualBranch, DrawsBySampleWhateverTheChunkAndTheRows) {
  const ResidualBranch branch{nullptr, {0.5f, 2}};
  ForwardContext context = Training();
  const std::vector<bool> all = LeftOut(branch, context);
  context.first_row = 30;
  EXPECT_EQ(LeftOut(branch, context, 10), std::vector<bool>(all.begin() + 30, all.end()));
  context.first_row = 0;
  Tensor rows = Tensor::Uninitialized({kSamples}, DType::kInt32);
  for (int64_t n = 0; n < kSamples; ++n)
    rows.ints()[n] = static_cast<int32_t>(n * kTokens + n % kTokens);
  Tape tape(false);
  const Tensor y = branch(tape, tape.Constant(Tensor::Full({kSamples, kD}, 1)),
                          tape.Constant(Tensor::Zeros({kSamples, kD})), kTokens, rows, context)
                       .value();
  for (int64_t n = 0; n < kSamples; ++n) EXPECT_EQ(y.data()[n * kD] == 0, all[n]);
  context.step = 1;
  EXPECT_NE(LeftOut(branch, context), all);
  context.training = false;
  EXPECT_FALSE(branch.active(context));
}

TEST(ResidualBranch, LeavesOutAsOftenAsItSays) {
  const auto left = LeftOut({nullptr, {0.3f, 2}}, Training(), 20000);
  const double share = static_cast<double>(std::count(left.begin(), left.end(), true)) / 20000;
  EXPECT_NEAR(share, 0.3, 5 * std::sqrt(0.3 * 0.7 / 20000));  // five deviations
}

}  // namespace
}  // namespace pretext
