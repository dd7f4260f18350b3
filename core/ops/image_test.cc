#include "core/ops/image.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <numbers>

#include "core/autograd/gradient_check.h"
#include "core/ops/basic.h"
#include "core/tensor/memory_pool.h"
#include "kernels/conv/conv_reference.h"

namespace pretext {
namespace {

double Apply(Activation activation, double x) {
  switch (activation) {
    case Activation::kRelu:
      return x > 0 ? x : 0;
    case Activation::kGelu:
      return 0.5 * x * std::erfc(-x / std::numbers::sqrt2);
    case Activation::kSigmoid:
      return 1 / (1 + std::exp(-x));
    default:
      return x;
  }
}

// y[n, c, ·] += b[c], then f.
Doubles BiasActivationReference(Doubles y, const Doubles& b, int64_t channels, int64_t positions,
                                Activation activation) {
  for (size_t i = 0; i < y.size(); ++i) {
    if (!b.empty()) y[i] += b[static_cast<int64_t>(i) / positions % channels];
    y[i] = Apply(activation, y[i]);
  }
  return y;
}

constexpr double kEpsilon = 1e-5;

// Over rows [begin, end) of x [R, C, S]; a training batch's statistics.
void NormalizeReference(Doubles& x, const Doubles& gamma, const Doubles& beta, int64_t channels,
                        int64_t positions, int64_t begin, int64_t end) {
  const double count = static_cast<double>((end - begin) * positions);
  for (int64_t c = 0; c < channels; ++c) {
    double mean = 0, variance = 0;
    const auto each = [&](auto visit) {
      for (int64_t n = begin; n < end; ++n) {
        for (int64_t s = 0; s < positions; ++s) visit(x[(n * channels + c) * positions + s]);
      }
    };
    each([&](double v) { mean += v / count; });
    each([&](double v) { variance += (v - mean) * (v - mean) / count; });
    each([&](double& v) { v = (v - mean) / std::sqrt(variance + kEpsilon) * gamma[c] + beta[c]; });
  }
}

Doubles Finish(Doubles y, const Doubles* residual, Activation activation) {
  for (size_t i = 0; i < y.size(); ++i) {
    if (residual != nullptr) y[i] += (*residual)[i];
    y[i] = Apply(activation, y[i]);
  }
  return y;
}

// A layer with parameters outside any model.
struct NormOnItsOwn {
  Parameter gamma, beta;
  Buffer mean, variance;
  BatchNormLayer layer;

  explicit NormOnItsOwn(int64_t channels)
      : gamma(RandomParameter({channels}, 11)), beta(RandomParameter({channels}, 12)) {
    mean.value = RandomTensor({channels}, 13);
    variance.value = RandomTensor({channels}, 14);
    for (int64_t c = 0; c < channels; ++c) {
      variance.value.data()[c] = 0.5f + std::abs(variance.value.data()[c]);
    }
    layer = {.scale = &gamma, .shift = &beta, .running_mean = &mean, .running_variance = &variance};
  }
};

constexpr ForwardContext kTraining = {.training = true};

ConvShape Shaped(int64_t n, int64_t c, int64_t h, int64_t w, int64_t o, int64_t k,
                 const ConvOptions& options) {
  return {n, c, h, w, o, k, options.stride, options.padding, options.groups};
}

TEST(Conv2dTest, ValuesAndGradients) {
  for (const ConvShape& s :
       {ConvShape{2, 3, 6, 5, 4, 3, 1, 1, 1}, ConvShape{1, 3, 5, 5, 17, 3, 2, 1, 1},
        ConvShape{3, 1, 8, 8, 17, 4, 2, 1, 1}, ConvShape{2, 4, 4, 4, 6, 1, 1, 0, 2}}) {
    for (Activation activation :
         {Activation::kIdentity, Activation::kRelu, Activation::kGelu, Activation::kSigmoid}) {
      Parameter w = RandomParameter({s.out_channels, s.in_channels / s.groups, s.kernel, s.kernel},
                                    2),
                b = RandomParameter({s.out_channels}, 3);
      EXPECT_TRUE(CheckGradients(
          [&](Tape& tape, const std::vector<Var>& x) {
            return Conv2d(tape, x[0], w, &b, {s.stride, s.padding, s.groups}, activation);
          },
          {RandomTensor({s.n, s.in_channels, s.height, s.width}, 1)},
          [&](const std::vector<Doubles>& at) {
            return BiasActivationReference(ConvForwardReference(s, at[0], at[1]), at[2],
                                           s.out_channels, s.out_height() * s.out_width(),
                                           activation);
          },
          {.parameters = {&w, &b}}));
    }
  }
}

TEST(Conv2dTest, WithoutBias) {
  const ConvShape s = {2, 3, 6, 5, 4, 3, 1, 1, 1};
  for (Activation activation : {Activation::kIdentity, Activation::kRelu}) {
    Parameter w = RandomParameter({4, 3, 3, 3}, 2);
    EXPECT_TRUE(CheckGradients(
        [&](Tape& tape, const std::vector<Var>& x) {
          return Conv2d(tape, x[0], w, nullptr, {1, 1}, activation);
        },
        {RandomTensor({2, 3, 6, 5}, 1)},
        [&](const std::vector<Doubles>& at) {
          return BiasActivationReference(ConvForwardReference(s, at[0], at[1]), {}, 4, 30,
                                         activation);
        },
        {.parameters = {&w}}));
  }
}

// Two layers, so that the gradient of a blocked tensor arrives from two sides,
// and the weight of one twice.
TEST(Conv2dTest, GradientsAccumulate) {
  const ConvShape s = {2, 3, 4, 4, 3, 3, 1, 1, 1};
  Parameter w = RandomParameter({3, 3, 3, 3}, 2, 0.3f);
  EXPECT_TRUE(CheckGradients(
      [&](Tape& tape, const std::vector<Var>& x) {
        const Var once = Conv2d(tape, x[0], w, nullptr, {1, 1});
        const Var twice = Conv2d(tape, once, w, nullptr, {1, 1});
        const Var other = Conv2d(tape, once, w, nullptr, {1, 1}, Activation::kSigmoid);
        return Add(tape, twice, other);
      },
      {RandomTensor({2, 3, 4, 4}, 1)},
      [&](const std::vector<Doubles>& at) {
        const Doubles once = ConvForwardReference(s, at[0], at[1]);
        Doubles y = ConvForwardReference(s, once, at[1]);
        for (double& v : y) v += Apply(Activation::kSigmoid, v);
        return y;
      },
      {.parameters = {&w}}));
}

TEST(ConvTranspose2dTest, ValuesAndGradients) {
  struct Case {
    int64_t n, c, h, o, k, stride, padding, out;
  };
  for (const Case& t :
       {Case{2, 7, 3, 5, 3, 2, 1, 6}, Case{2, 7, 3, 5, 3, 2, 1, 5}, Case{1, 4, 4, 1, 3, 2, 1, 8},
        Case{1, 3, 4, 17, 3, 1, 1, 4}, Case{1, 2, 3, 3, 4, 2, 1, 6}}) {
    const ConvShape s = {t.n, t.o, t.out, t.out, t.c, t.k, t.stride, t.padding, 1};
    for (Activation activation :
         {Activation::kIdentity, Activation::kRelu, Activation::kGelu, Activation::kSigmoid}) {
      Parameter w = RandomParameter({t.c, t.o, t.k, t.k}, 2), b = RandomParameter({t.o}, 3);
      const ConvTransposeOptions options = {t.stride, t.padding, t.out, t.out};
      EXPECT_TRUE(CheckGradients(
          [&](Tape& tape, const std::vector<Var>& x) {
            return ConvTranspose2d(tape, x[0], w, &b, options, activation);
          },
          {RandomTensor({t.n, t.c, t.h, t.h}, 1)},
          [&](const std::vector<Doubles>& at) {
            return BiasActivationReference(ConvBackwardDataReference(s, at[0], at[1]), at[2], t.o,
                                           t.out * t.out, activation);
          },
          {.parameters = {&w, &b}}))
          << t.c << " to " << t.o << " size " << t.out;
    }
  }
}

class BatchNormTest : public testing::TestWithParam<std::tuple<Activation, bool, BatchNormScope>> {
 protected:
  Activation activation() const { return std::get<0>(GetParam()); }
  bool with_residual() const { return std::get<1>(GetParam()); }
  ForwardContext context() const {
    return {.training = true, .views = 2, .batch_norm = std::get<2>(GetParam())};
  }
  // x normalised over all rows, or each half apart.
  Doubles Reference(Doubles x, const Doubles& gamma, const Doubles& beta, int64_t rows,
                    int64_t positions, const Doubles* residual) const {
    const int64_t channels = static_cast<int64_t>(gamma.size());
    if (context().batch_norm == BatchNormScope::kAllViews) {
      NormalizeReference(x, gamma, beta, channels, positions, 0, rows);
    } else {
      NormalizeReference(x, gamma, beta, channels, positions, 0, rows / 2);
      NormalizeReference(x, gamma, beta, channels, positions, rows / 2, rows);
    }
    return Finish(std::move(x), residual, activation());
  }
};

TEST_P(BatchNormTest, OfMatrices) {
  NormOnItsOwn norm(19);
  std::vector<Tensor> inputs = {RandomTensor({6, 19}, 1)};
  if (with_residual()) inputs.push_back(RandomTensor({6, 19}, 2));
  EXPECT_TRUE(CheckGradients(
      [&](Tape& tape, const std::vector<Var>& x) {
        return BatchNorm(tape, x[0], norm.layer, context(), activation(),
                         with_residual() ? x[1] : Var());
      },
      inputs,
      [&](const std::vector<Doubles>& at) {
        const size_t first = inputs.size();
        return Reference(at[0], at[first], at[first + 1], 6, 1, with_residual() ? &at[1] : nullptr);
      },
      {.parameters = {&norm.gamma, &norm.beta}}));
}

TEST_P(BatchNormTest, OfImagesAfterAConvolution) {
  const ConvOptions options = {.stride = 1, .padding = 1};
  const ConvShape s = Shaped(4, 3, 3, 4, 17, 3, options);
  NormOnItsOwn norm(17);
  Parameter w = RandomParameter({17, 3, 3, 3}, 5);
  std::vector<Tensor> inputs = {RandomTensor({4, 3, 3, 4}, 1)};
  if (with_residual()) inputs.push_back(RandomTensor({4, 17, 3, 4}, 2));
  for (bool fused : {true, false}) {
    EXPECT_TRUE(CheckGradients(
        [&](Tape& tape, const std::vector<Var>& x) {
          const Var residual = with_residual() ? x[1] : Var();
          if (fused)
            return ConvBatchNorm(tape, x[0], w, options, norm.layer, context(), activation(),
                                 residual);
          return BatchNorm(tape, Conv2d(tape, x[0], w, nullptr, options), norm.layer, context(),
                           activation(), residual);
        },
        inputs,
        [&](const std::vector<Doubles>& at) {
          const size_t first = inputs.size();
          return Reference(ConvForwardReference(s, at[0], at[first]), at[first + 1], at[first + 2],
                           4, 12, with_residual() ? &at[1] : nullptr);
        },
        {.parameters = {&w, &norm.gamma, &norm.beta}}))
        << (fused ? "fused" : "apart");
  }
}

// The input is its own residual: two gradients meet in one blocked tensor.
TEST_P(BatchNormTest, ResidualBlock) {
  const ConvOptions options = {.stride = 1, .padding = 1};
  const ConvShape s = Shaped(4, 3, 3, 3, 3, 3, options);
  NormOnItsOwn first(3), second(3);
  Parameter v = RandomParameter({3, 3, 3, 3}, 5), w = RandomParameter({3, 3, 3, 3}, 6);
  EXPECT_TRUE(CheckGradients(
      [&](Tape& tape, const std::vector<Var>& x) {
        const Var y = Conv2d(tape, x[0], v, nullptr, options);
        const Var h = ConvBatchNorm(tape, y, w, options, first.layer, context(), activation());
        return ConvBatchNorm(tape, h, w, options, second.layer, context(), activation(),
                             with_residual() ? y : Var());
      },
      {RandomTensor({4, 3, 3, 3}, 1)},
      [&](const std::vector<Doubles>& at) {
        const Doubles y = ConvForwardReference(s, at[0], at[1]);
        const Doubles h = Reference(ConvForwardReference(s, y, at[2]), at[3], at[4], 4, 9, nullptr);
        return Reference(ConvForwardReference(s, h, at[2]), at[5], at[6], 4, 9,
                         with_residual() ? &y : nullptr);
      },
      {.parameters = {&v, &w, &first.gamma, &first.beta, &second.gamma, &second.beta}}));
}

TEST_P(BatchNormTest, EvaluationUsesTheRunningStatistics) {
  const ConvOptions options = {.stride = 2, .padding = 1};
  const ConvShape s = Shaped(2, 3, 5, 5, 20, 3, options);
  const ForwardContext evaluation;
  NormOnItsOwn norm(20);
  Parameter w = RandomParameter({20, 3, 3, 3}, 5);
  std::vector<Tensor> inputs = {RandomTensor({2, 3, 5, 5}, 1)};
  if (with_residual()) inputs.push_back(RandomTensor({2, 20, 3, 3}, 2));
  const auto operation = [&](Tape& tape, const std::vector<Var>& x) {
    return ConvBatchNorm(tape, x[0], w, options, norm.layer, evaluation, activation(),
                         with_residual() ? x[1] : Var());
  };
  EXPECT_TRUE(CheckGradients(
      operation, inputs,
      [&](const std::vector<Doubles>& at) {
        const size_t first = inputs.size();
        Doubles y = ConvForwardReference(s, at[0], at[first]);
        for (size_t i = 0; i < y.size(); ++i) {
          const int64_t c = static_cast<int64_t>(i) / 9 % 20;
          y[i] = (y[i] - norm.mean.value.data()[c]) /
                     std::sqrt(static_cast<double>(norm.variance.value.data()[c]) + kEpsilon) *
                     at[first + 1][c] +
                 at[first + 2][c];
        }
        return Finish(std::move(y), with_residual() ? &at[1] : nullptr, activation());
      },
      {.parameters = {&w, &norm.gamma, &norm.beta}}));
  // In place when nothing is recorded, and from a matrix as well.
  Tape recording, plain(false);
  const auto values = [&](Tape& tape) {
    std::vector<Var> x;
    for (const Tensor& input : inputs) x.push_back(tape.Constant(input));
    return ToDoubles(operation(tape, x).value());
  };
  EXPECT_EQ(values(recording), values(plain));
}

INSTANTIATE_TEST_SUITE_P(
    All, BatchNormTest,
    testing::Combine(testing::Values(Activation::kIdentity, Activation::kRelu, Activation::kGelu),
                     testing::Bool(),
                     testing::Values(BatchNormScope::kAllViews, BatchNormScope::kPerView)));

TEST(BatchNorm, RunningStatisticsFollowTheBatchesThatAreRecorded) {
  NormOnItsOwn norm(2);
  norm.mean.value = Tensor::Zeros({2});
  norm.variance.value = Tensor::Full({2}, 1);
  Tensor x = Tensor::Uninitialized({4, 2});
  const float values[] = {1, 10, 2, 20, 3, 30, 6, 40};
  std::copy(std::begin(values), std::end(values), x.data());
  Tape silent(false), tape;
  BatchNorm(silent, silent.Constant(x), norm.layer, kTraining);
  EXPECT_EQ(norm.mean.value.data()[0], 0);
  BatchNorm(tape, tape.Constant(x), norm.layer, kTraining);
  EXPECT_FLOAT_EQ(norm.mean.value.data()[0], 0.1f * 3);
  EXPECT_FLOAT_EQ(norm.mean.value.data()[1], 0.1f * 25);
  EXPECT_FLOAT_EQ(norm.variance.value.data()[0], 0.9f + 0.1f * 14 / 3);
  EXPECT_FLOAT_EQ(norm.variance.value.data()[1], 0.9f + 0.1f * 500 / 3);
}

// The layer, which has but that one parameter, over seven rows.
testing::AssertionResult NormalizesSevenRows(
    const NormOnItsOwn& norm, Parameter& parameter,
    const std::function<void(Doubles& y, const Doubles& parameter)>& reference) {
  return CheckGradients(
      [&](Tape& tape, const std::vector<Var>& x) {
        return BatchNorm(tape, x[0], norm.layer, kTraining);
      },
      {RandomTensor({7, 5}, 1)},
      [&](const std::vector<Doubles>& at) {
        Doubles y = at[0];
        reference(y, at[1]);
        return y;
      },
      {.parameters = {&parameter}});
}

TEST(BatchNorm, WithoutShift) {
  NormOnItsOwn norm(5);
  norm.layer.shift = nullptr;
  EXPECT_TRUE(NormalizesSevenRows(norm, norm.gamma, [](Doubles& y, const Doubles& gamma) {
    NormalizeReference(y, gamma, Doubles(5), 5, 1, 0, 7);
  }));
}

TEST(BatchNorm, WithoutScale) {
  NormOnItsOwn norm(5);
  norm.layer.scale = nullptr;
  EXPECT_TRUE(NormalizesSevenRows(norm, norm.beta, [](Doubles& y, const Doubles& beta) {
    NormalizeReference(y, Doubles(5, 1), beta, 5, 1, 0, 7);
  }));
}

// Larger than one chunk of the convolution: against the normalisation of the whole.
TEST(ConvBatchNorm, ChunksAreTheWhole) {
  const ConvOptions options = {.stride = 1, .padding = 1};
  const Tensor x = RandomTensor({10, 16, 48, 48}, 1);
  Parameter w = RandomParameter({64, 16, 3, 3}, 5, 0.1f);
  const auto run = [&](bool fused, std::vector<Doubles>& results, ForwardContext context) {
    NormOnItsOwn norm(64);
    w.has_gradient = norm.gamma.has_gradient = norm.beta.has_gradient = false;
    Tape tape;
    const Var leaf = tape.Leaf(x);
    const Var y =
        fused ? ConvBatchNorm(tape, leaf, w, options, norm.layer, context, Activation::kRelu)
              : BatchNorm(tape, Conv2d(tape, leaf, w, nullptr, options), norm.layer, context,
                          Activation::kRelu);
    results = {ToDoubles(y.value())};
    tape.Backward(y, RandomTensor({10, 64, 48, 48}, 9));
    for (const Tensor& t : {tape.LeafGradient(leaf), w.gradient, norm.gamma.gradient,
                            norm.beta.gradient, norm.mean.value, norm.variance.value}) {
      results.push_back(ToDoubles(t));
    }
  };
  for (BatchNormScope scope : {BatchNormScope::kAllViews, BatchNormScope::kPerView}) {
    std::vector<Doubles> fused, apart;
    const ForwardContext context = {.training = true, .views = 2, .batch_norm = scope};
    run(true, fused, context);
    run(false, apart, context);
    // The same sums, in groups of other sizes.
    for (size_t i = 0; i < fused.size(); ++i) EXPECT_TRUE(AllClose(fused[i], apart[i], 2e-5)) << i;
  }
}

TEST(ConvBatchNorm, SteadyStepsAllocateNothing) {
  NormOnItsOwn norm(32);
  Parameter w = RandomParameter({32, 3, 3, 3}, 5), v = RandomParameter({32, 32, 3, 3}, 6, 0.1f);
  const Tensor x = RandomTensor({8, 3, 16, 16}, 1);
  Tape tape;
  const auto step = [&] {
    const Var h = Conv2d(tape, tape.Constant(x), w, nullptr, {1, 1}, Activation::kRelu);
    const Var y = ConvBatchNorm(tape, h, v, {1, 1}, norm.layer, kTraining, Activation::kRelu, h);
    tape.Backward(GlobalAveragePool(tape, MaxPool2d(tape, y, 2, 2, 0)), Tensor::Full({8, 32}, 1));
    tape.Reset();
  };
  step();
  step();
  const int64_t misses = MemoryPool::stats().misses;
  step();
  EXPECT_EQ(MemoryPool::stats().misses, misses);
}

TEST(Pooling, ValuesAndGradients) {
  const ConvShape s = {2, 3, 6, 6, 20, 3, 1, 1, 1};
  Parameter w = RandomParameter({20, 3, 3, 3}, 2);
  for (bool blocked : {true, false}) {
    const int64_t channels = blocked ? 20 : 3;
    const auto image = [&](const std::vector<Doubles>& at) {
      return blocked ? ConvForwardReference(s, at[0], at[1]) : at[0];
    };
    GradientCheckOptions options;
    if (blocked) options.parameters = {&w};
    EXPECT_TRUE(CheckGradients(
        [&](Tape& tape, const std::vector<Var>& x) {
          return GlobalAveragePool(tape, blocked ? Conv2d(tape, x[0], w, nullptr, {1, 1}) : x[0]);
        },
        {RandomTensor({2, 3, 6, 6}, 1)},
        [&](const std::vector<Doubles>& at) {
          const Doubles x = image(at);
          Doubles y(2 * channels);
          for (size_t i = 0; i < x.size(); ++i) y[i / 36] += x[i] / 36;
          return y;
        },
        options));
    EXPECT_TRUE(CheckGradients(
        [&](Tape& tape, const std::vector<Var>& x) {
          return MaxPool2d(tape, blocked ? Conv2d(tape, x[0], w, nullptr, {1, 1}) : x[0], 3, 2, 1);
        },
        {RandomTensor({2, 3, 6, 6}, 1)},
        [&](const std::vector<Doubles>& at) {
          const Doubles x = image(at);
          Doubles y;
          for (int64_t plane = 0; plane < 2 * channels; ++plane) {
            for (int64_t i = 0; i < 3; ++i) {
              for (int64_t j = 0; j < 3; ++j) {
                double best = -std::numeric_limits<double>::infinity();
                for (int64_t r = std::max<int64_t>(0, 2 * i - 1); r < 2 * i + 2; ++r) {
                  for (int64_t c = std::max<int64_t>(0, 2 * j - 1); c < 2 * j + 2; ++c) {
                    best = std::max(best, x[plane * 36 + r * 6 + c]);
                  }
                }
                y.push_back(best);
              }
            }
          }
          return y;
        },
        options));
  }
}

}  // namespace
}  // namespace pretext
