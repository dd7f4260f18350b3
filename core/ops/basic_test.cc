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

// Three maps, the function after the first two, against loops; more rows than are padded to.
TEST_P(LinearTest, LinearsInTurn) {
  for (const Precision precision : {Precision::kFloat32, Precision::kBfloat16}) {
    for (const int64_t rows : {1, 33}) {
      Parameter w[] = {RandomParameter({25, 7}, 2, 0.4f), RandomParameter({12, 25}, 3, 0.3f),
                       RandomParameter({9, 12}, 4, 0.3f)};
      Parameter b[] = {RandomParameter({25}, 5), RandomParameter({12}, 6)};
      std::vector<Tensor> inputs = {RandomTensor({rows, 7}, 1)};
      const std::vector<Parameter*> parameters = {&w[0], &b[0], &w[1], &b[1], &w[2]};
      GradientCheckOptions options = {.parameters = parameters};
      if (precision == Precision::kBfloat16) {
        options = InBfloat16(parameters, inputs);
        // Sums and values of two layers on the way there, gradients of two on the way back: six
        // roundings in a row, √6 times what one does, of elements that are up to five times the
        // root mean square, where InBfloat16 allows for three.
        options.tolerance *= 4;
      }
      const LinearMap maps[] = {{&w[0], &b[0], GetParam()},
                                {&w[1], &b[1], GetParam()},
                                {&w[2], nullptr, Activation::kIdentity}};
      EXPECT_TRUE(CheckGradients(
          [&](Tape& tape, const std::vector<Var>& x) { return Linears(tape, x[0], maps); }, inputs,
          [&](const std::vector<Doubles>& at) {
            const Doubles first = LinearReference(at[0], at[1], at[2], 25, GetParam());
            const Doubles second = LinearReference(first, at[3], at[4], 12, GetParam());
            return LinearReference(second, at[5], {}, 9, Activation::kIdentity);
          },
          options))
          << rows << " rows, bfloat16: " << (precision == Precision::kBfloat16);
    }
  }
}

// What is frozen gets no gradient; what lies behind it does, if something wants it.
TEST_P(LinearTest, LinearsThatAreFrozen) {
  for (const Precision precision : {Precision::kFloat32, Precision::kBfloat16}) {
    for (const bool leaf : {false, true}) {
      Parameter w[] = {RandomParameter({6, 7}, 2), RandomParameter({6, 6}, 3)};
      Parameter free[] = {RandomParameter({6, 7}, 2), RandomParameter({6, 6}, 3)};
      w[0].frozen = true;
      const auto run = [&](Parameter* of) {
        Tape tape;
        const PrecisionScope scope(tape, precision);
        const Tensor in = RandomTensor({5, 7}, 1);
        const Var x = leaf ? tape.Leaf(in) : tape.Constant(in);
        const LinearMap maps[] = {{&of[0], nullptr, GetParam()}, {&of[1], nullptr, GetParam()}};
        tape.Backward(Mean(tape, Square(tape, Linears(tape, x, maps))));
        return leaf ? ToDoubles(tape.LeafGradient(x)) : Doubles();
      };
      EXPECT_EQ(run(w), run(free));
      EXPECT_EQ(ToDoubles(w[1].gradient), ToDoubles(free[1].gradient));
      EXPECT_FALSE(w[0].has_gradient);
    }
  }
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
