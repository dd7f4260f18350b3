#include "core/ops/basic.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "core/autograd/gradient_check.h"
#include "kernels/activation/activation_reference.h"

namespace pretext {
namespace {

// y = f(x Wᵀ + b) with loops, in double.
Doubles LinearReference(const Doubles& x, const Doubles& w, const Doubles& b, size_t out,
                        Activation activation) {
  const size_t in = w.size() / out, rows = x.size() / in;
  Doubles y;
  for (size_t r = 0; r < rows; ++r) {
    for (size_t o = 0; o < out; ++o) {
      double sum = b.empty() ? 0 : b[o];
      for (size_t i = 0; i < in; ++i) sum += x[r * in + i] * w[o * in + i];
      y.push_back(ExactActivation(activation, sum));
    }
  }
  return y;
}

class LinearTest : public testing::TestWithParam<Activation> {};

TEST_P(LinearTest, ValuesAndGradients) {
  const Activation activation = GetParam();
  for (const auto& [rows, in, out] :
       {std::array<int64_t, 3>{5, 7, 3}, std::array<int64_t, 3>{1, 4, 6},
        std::array<int64_t, 3>{33, 17, 20}}) {
    Parameter w = RandomParameter({out, in}, 2), b = RandomParameter({out}, 3);
    EXPECT_TRUE(CheckGradients(
        [&](Tape& tape, const std::vector<Var>& x) {
          return Linear(tape, x[0], w, &b, activation);
        },
        {RandomTensor({rows, in}, 1)},
        [&, out = static_cast<size_t>(out)](const std::vector<Doubles>& at) {
          return LinearReference(at[0], at[1], at[2], out, activation);
        },
        {.parameters = {&w, &b}}))
        << rows << "×" << in << "×" << out;
  }
}

TEST_P(LinearTest, InBfloat16) {
  const Activation activation = GetParam();
  for (const auto& [rows, in, out] :
       {std::array<int64_t, 3>{5, 7, 3}, std::array<int64_t, 3>{1, 4, 6},
        std::array<int64_t, 3>{33, 17, 20}}) {
    Parameter w = RandomParameter({out, in}, 2), b = RandomParameter({out}, 3);
    std::vector<Tensor> inputs = {RandomTensor({rows, in}, 1)};
    const GradientCheckOptions options = InBfloat16({&w, &b}, inputs);
    EXPECT_TRUE(CheckGradients(
        [&](Tape& tape, const std::vector<Var>& x) {
          return Linear(tape, x[0], w, &b, activation);
        },
        inputs,
        [&, out = static_cast<size_t>(out)](const std::vector<Doubles>& at) {
          return LinearReference(at[0], at[1], at[2], out, activation);
        },
        options))
        << rows << "×" << in << "×" << out;
  }
}

TEST_P(LinearTest, WithoutBias) {
  const Activation activation = GetParam();
  Parameter w = RandomParameter({3, 6}, 2);
  EXPECT_TRUE(CheckGradients(
      [&](Tape& tape, const std::vector<Var>& x) {
        return Linear(tape, x[0], w, nullptr, activation);
      },
      {RandomTensor({4, 6}, 1)},
      [&](const std::vector<Doubles>& at) {
        return LinearReference(at[0], at[1], {}, 3, activation);
      },
      {.parameters = {&w}}));
}

TEST_P(LinearTest, EvaluationGivesTheTrainingValues) {
  Parameter w = RandomParameter({20, 17}, 2), b = RandomParameter({20}, 3);
  Tape training, evaluation(false);
  const Tensor x = RandomTensor({9, 17}, 1);
  const Var a = Linear(training, training.Constant(x), w, &b, GetParam());
  const Var c = Linear(evaluation, evaluation.Constant(x), w, &b, GetParam());
  // GELU runs fused in evaluation: its polynomial may round differently, by an ulp or two.
  EXPECT_TRUE(AllClose(ToDoubles(c.value()), ToDoubles(a.value()), 1e-6));
}

TEST_P(LinearTest, ActivateValuesAndGradients) {
  const Activation activation = GetParam();
  EXPECT_TRUE(CheckGradients(
      [&](Tape& tape, const std::vector<Var>& x) { return Activate(tape, x[0], activation); },
      {RandomTensor({4, 3, 5}, 1)},
      [&](const std::vector<Doubles>& at) {
        Doubles y = at[0];
        for (double& v : y) v = ExactActivation(activation, v);
        return y;
      }));
}

INSTANTIATE_TEST_SUITE_P(Activations, LinearTest, testing::ValuesIn(kActivations));

// The mask is a constant of the key: with it read off a row of ones, dropout is a product.
TEST(Ops, DropoutValuesGradientsAndChunks) {
  const ForwardContext context{.training = true, .seed = 3, .epoch = 1, .step = 7};
  Tape tape;
  const Tensor mask =
      Dropout(tape, tape.Constant(Tensor::Full({40, 50}, 1)), 0.25f, context, 2).value();
  int64_t dropped = 0;
  for (int64_t i = 0; i < mask.size(); ++i) dropped += mask.data()[i] == 0;
  // 2000 draws: five deviations of √(n p (1 - p)) = 19.4.
  EXPECT_TRUE(std::abs(static_cast<double>(dropped) - 500) <= 97) << dropped;
  EXPECT_TRUE(CheckGradients(
      [&](Tape& t, const std::vector<Var>& x) { return Dropout(t, x[0], 0.25f, context, 2); },
      {RandomTensor({40, 50}, 1)},
      [&](const std::vector<Doubles>& at) {
        Doubles y = at[0];
        for (size_t i = 0; i < y.size(); ++i) y[i] *= mask.data()[i];
        return y;
      }));
  ForwardContext second_half = context;
  second_half.first_row = 20;
  const Tensor chunk =
      Dropout(tape, tape.Constant(Tensor::Full({20, 50}, 1)), 0.25f, second_half, 2).value();
  EXPECT_EQ(ToDoubles(chunk), ToDoubles(mask.Rows(20, 40)));
  ForwardContext evaluation = context;
  evaluation.training = false;
  const Var x = tape.Constant(Tensor::Full({2, 2}, 1));
  EXPECT_EQ(Dropout(tape, x, 0.25f, evaluation, 2).value().data(), x.value().data());
}

TEST(Ops, FlattenAndAddPassGradientsThrough) {
  EXPECT_TRUE(CheckGradients(
      [](Tape& tape, const std::vector<Var>& x) {
        return Add(tape, Flatten(tape, x[0]), Reshape(tape, x[1], {2, 12}));
      },
      {RandomTensor({2, 3, 4}, 1), RandomTensor({4, 6}, 2)},
      [](const std::vector<Doubles>& at) {
        Doubles y = at[0];
        for (size_t i = 0; i < y.size(); ++i) y[i] += at[1][i];
        return y;
      }));
}

}  // namespace
}  // namespace pretext
