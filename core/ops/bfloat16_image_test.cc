// Operations over images in bfloat16 beside the same in float32, which image_test.cc compares with
// the definitions.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "core/autograd/gradient_check.h"
#include "core/ops/basic.h"
#include "core/ops/image.h"
#include "core/ops/relative_distance.h"
#include "kernels/conv/conv.h"
#include "kernels/onednn/has_bfloat16.h"

namespace pretext {
namespace {

using Operation = std::function<Var(Tape&, const std::vector<Var>&)>;

// The result, then the gradients of all inputs and parameters.
std::vector<Doubles> RunIn(Precision precision, const Operation& operation,
                           const std::vector<Tensor>& inputs,
                           const std::vector<Parameter*>& parameters, bool narrow_result = true) {
  Tape tape;
  const PrecisionScope scope(tape, precision);
  std::vector<Var> leaves;
  for (const Tensor& input : inputs) leaves.push_back(tape.Leaf(input.Clone()));
  for (Parameter* parameter : parameters) parameter->has_gradient = false;
  const Var y = operation(tape, leaves);
  const bool narrow = y.value().dtype() == DType::kBfloat16;
  EXPECT_EQ(narrow, precision == Precision::kBfloat16 && narrow_result);
  std::vector<Doubles> all = {ToDoubles(y.value())};
  tape.Backward(y, RandomTensor(y.shape(), 0x9d7).RowMajorBfloat16().Plain());
  for (const Var& leaf : leaves) all.push_back(ToDoubles(tape.LeafGradient(leaf)));
  for (Parameter* parameter : parameters) all.push_back(ToDoubles(parameter->gradient));
  return all;
}

// How far results may be apart. Each value that is stored is rounded by at most 2^-8 of itself, by
// 1.6e-3 as a root mean square; sums of rounded terms inherit that, as the roundings do not depend
// on one another: 2^-6 holds a handful on the way. Where a rounded sum falls on the other side of
// a ReLU's kink its gradient is another altogether: one in some hundred, whose root is below 2^-4.
// Of a window's values two may round to the same, and the gradient goes to the first: one window
// in fifty or so, whose root is about 2^-3.
constexpr double kSmooth = 0x1p-6, kKinks = 0x1p-4, kTies = 0x1p-3;

void Compare(const Operation& operation, std::vector<Tensor> inputs,
             const std::vector<Parameter*>& parameters, double gradients_apart,
             const std::string& name, bool narrow_result = true) {
  InBfloat16(parameters, inputs);
  const std::vector<Doubles> wide =
      RunIn(Precision::kFloat32, operation, inputs, parameters, narrow_result);
  const std::vector<Doubles> narrow =
      RunIn(Precision::kBfloat16, operation, inputs, parameters, narrow_result);
  for (size_t i = 0; i < wide.size(); ++i) {
    const double allowed = i > 0 ? gradients_apart : kSmooth;
    EXPECT_FALSE(!(RelativeDistance(narrow[i], wide[i]) <= allowed))
        << name << ", value " << i << ": " << RelativeDistance(narrow[i], wide[i]);
    Doubles wrong = narrow[i];
    for (double& v : wrong) v *= 1 + 1.5 * allowed;
    EXPECT_GT(RelativeDistance(wrong, wide[i]), allowed) << "a planted fault is not seen";
  }
}

class Bfloat16Images : public testing::Test {
 protected:
  void SetUp() override {
    if (!HasBfloat16()) GTEST_SKIP() << "no bfloat16 here";
  }
};

TEST_F(Bfloat16Images, Convolutions) {
  struct Case {
    int64_t n, in, size, out, kernel, stride, padding;
  };
  for (const Case& c :
       {Case{4, 16, 8, 32, 3, 1, 1}, Case{3, 32, 9, 16, 3, 2, 1}, Case{2, 3, 12, 16, 7, 2, 3},
        Case{5, 16, 6, 48, 1, 1, 0}, Case{5, 16, 6, 32, 1, 2, 0}, Case{70, 64, 16, 64, 3, 1, 1}}) {
    for (Activation activation : {Activation::kIdentity, Activation::kRelu, Activation::kGelu}) {
      Parameter w = RandomParameter({c.out, c.in, c.kernel, c.kernel}, 2, 0.1f),
                b = RandomParameter({c.out}, 3);
      Compare(
          [&](Tape& tape, const std::vector<Var>& x) {
            return Conv2d(tape, x[0], w, &b, {c.stride, c.padding}, activation);
          },
          {RandomTensor({c.n, c.in, c.size, c.size}, 1)}, {&w, &b},
          activation == Activation::kRelu ? kKinks : kSmooth,
          std::to_string(c.in) + " to " + std::to_string(c.out) + " " + ActivationName(activation));
    }
  }
}

TEST_F(Bfloat16Images, TransposedConvolution) {
  Parameter w = RandomParameter({32, 16, 3, 3}, 2, 0.1f), b = RandomParameter({16}, 3);
  Compare(
      [&](Tape& tape, const std::vector<Var>& x) {
        return ConvTranspose2d(tape, x[0], w, &b, {2, 1, 14, 14}, Activation::kGelu);
      },
      {RandomTensor({6, 32, 7, 7}, 1)}, {&w, &b}, kSmooth, "transposed");
}

TEST_F(Bfloat16Images, ResidualBlockWithPooling) {
  for (BatchNormScope scope : {BatchNormScope::kAllViews, BatchNormScope::kPerView}) {
    for (Activation activation : {Activation::kRelu, Activation::kGelu}) {
      const ForwardContext context = {.training = true, .views = 2, .batch_norm = scope};
      Parameter v = RandomParameter({32, 3, 3, 3}, 2, 0.2f),
                w = RandomParameter({32, 32, 3, 3}, 4, 0.1f);
      Parameter gamma = RandomParameter({32}, 5), beta = RandomParameter({32}, 6);
      Buffer mean, variance;
      mean.value = Tensor::Zeros({32});
      variance.value = Tensor::Full({32}, 1);
      const BatchNormLayer norm = {
          .scale = &gamma, .shift = &beta, .running_mean = &mean, .running_variance = &variance};
      Compare(
          [&](Tape& tape, const std::vector<Var>& x) {
            const Var stem = Conv2d(tape, x[0], v, nullptr, {1, 1});
            const Var a = MaxPool2d(tape, BatchNorm(tape, stem, norm, context), 2, 2, 0);
            const Var h = ConvBatchNorm(tape, a, w, {1, 1}, norm, context, activation, a);
            return GlobalAveragePool(tape, h);
          },
          {RandomTensor({32, 3, 12, 12}, 1)}, {&v, &w, &gamma, &beta}, kTies, "residual block",
          /*narrow_result=*/false);
    }
  }
}

TEST_F(Bfloat16Images, EvaluationIsTrainingsValues) {
  const ForwardContext evaluation;
  Parameter w = RandomParameter({32, 16, 3, 3}, 4, 0.1f), gamma = RandomParameter({32}, 5);
  Buffer mean, variance;
  mean.value = RandomTensor({32}, 6);
  variance.value = Tensor::Full({32}, 2);
  const BatchNormLayer norm = {
      .scale = &gamma, .running_mean = &mean, .running_variance = &variance};
  Tape recording, plain(false);
  const auto values = [&](Tape& tape) {
    const PrecisionScope scope(tape, Precision::kBfloat16);
    const Var x = tape.Constant(RandomTensor({40, 16, 16, 16}, 1));
    return ToDoubles(
        ConvBatchNorm(tape, x, w, {1, 1}, norm, evaluation, Activation::kRelu).value());
  };
  EXPECT_EQ(values(recording), values(plain));
}

// With one number of threads a training is resumed bit for bit.
TEST_F(Bfloat16Images, TheBitsRepeat) {
  Parameter w = RandomParameter({64, 32, 3, 3}, 4, 0.1f), v = RandomParameter({10, 64}, 5);
  const auto run = [&] {
    return RunIn(
        Precision::kBfloat16,
        [&](Tape& tape, const std::vector<Var>& x) {
          const Var y = Conv2d(tape, x[0], w, nullptr, {1, 1}, Activation::kGelu);
          return Linear(tape, GlobalAveragePool(tape, y), v, nullptr);
        },
        {RandomTensor({150, 32, 16, 16}, 1)}, {&w, &v}, /*narrow_result=*/false);
  };
  EXPECT_EQ(run(), run());
}

// What has no fast code stays float32: nothing is taken from oneDNN's reference loops.
TEST_F(Bfloat16Images, WhatHasNoFastCodeStaysFloat32) {
  EXPECT_TRUE(ConvPlan::Get({64, 64, 32, 32, 64, 3, 1, 1, 1, true}).bfloat16());
  EXPECT_TRUE(ConvPlan::Get({64, 3, 32, 32, 64, 3, 1, 1, 1, true}).bfloat16());
  EXPECT_FALSE(ConvPlan::Get({64, 64, 32, 32, 64, 3, 1, 1, 1, false}).bfloat16());
  Parameter w = RandomParameter({4, 2, 1, 1}, 2);
  Tape tape;
  const PrecisionScope scope(tape, Precision::kBfloat16);
  const Var x = tape.Leaf(RandomTensor({2, 4, 4, 4}, 1));
  const Var y = Conv2d(tape, x, w, nullptr, {1, 0, 2});
  tape.Backward(y, RandomTensor(y.shape(), 3));
  EXPECT_TRUE(tape.LeafGradient(x).defined());
}

}  // namespace
}  // namespace pretext
