#include "core/ops/sequence.h"

#include <omp.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <numbers>
#include <vector>

#include "core/autograd/gradient_check.h"
#include "core/tensor/memory_pool.h"
#include "gtest/gtest.h"
#include "kernels/dropout/dropout.h"

namespace pretext {
namespace {

// ---- The definitions, in double. Matrices are row-major.

double Gelu(double x) { return 0.5 * x * std::erfc(-x / std::numbers::sqrt2); }

// x [rows, in] Wᵀ + b.
Doubles LinearOf(const Doubles& x, int64_t in, const Doubles& weight, const Doubles& bias) {
  const int64_t rows = x.size() / in, out = weight.size() / in;
  Doubles y(rows * out);
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t o = 0; o < out; ++o) {
      y[r * out + o] = bias.empty() ? 0 : bias[o];
      for (int64_t i = 0; i < in; ++i) y[r * out + o] += x[r * in + i] * weight[o * in + i];
    }
  }
  return y;
}

Doubles NormOf(const Doubles& x, const Doubles& scale, const Doubles& shift, double epsilon) {
  const int64_t n = scale.size();
  Doubles y(x.size());
  for (size_t r = 0; r < x.size() / n; ++r) {
    double mean = 0, variance = 0;
    for (int64_t c = 0; c < n; ++c) mean += x[r * n + c] / n;
    for (int64_t c = 0; c < n; ++c) variance += std::pow(x[r * n + c] - mean, 2) / n;
    for (int64_t c = 0; c < n; ++c) {
      y[r * n + c] = scale[c] * (x[r * n + c] - mean) / std::sqrt(variance + epsilon) + shift[c];
    }
  }
  return y;
}

// x times the mask of a layer, row r taking the mask's row rows[r].
Doubles DropoutOf(const Doubles& x, int64_t columns, const DropoutLayer& layer,
                  const ForwardContext& context, const std::vector<int64_t>& rows) {
  const DropoutMask mask = MakeDropout(context.DropoutKey(layer.layer), layer.probability);
  std::vector<float> multipliers(columns);
  Doubles y(x);
  for (size_t r = 0; r < rows.size(); ++r) {
    DropoutRow(mask, rows[r], columns, multipliers.data());
    for (int64_t c = 0; c < columns; ++c) y[r * columns + c] *= multipliers[c];
  }
  return y;
}

// ---- What the tests are over: two samples of five tokens, the second with three, four features.

constexpr int64_t kSamples = 2, kTokens = 5, kFeatures = 4, kHeads = 2, kRows = kSamples * kTokens;
constexpr int32_t kLengths[kSamples] = {5, 3};

Tensor IntTensor(const Shape& shape, const std::vector<int32_t>& values) {
  Tensor tensor = Tensor::Uninitialized(shape, DType::kInt32);
  std::copy(values.begin(), values.end(), tensor.ints());
  return tensor;
}

TokenBatch Tokens() {
  TokenBatch batch{.samples = kSamples, .tokens = kTokens};
  batch.ids = IntTensor({kSamples, kTokens}, {1, 6, 0, 6, 3, 1, 2, 6, 0, 0});
  batch.segments = IntTensor({kSamples, kTokens}, {0, 0, 0, 1, 1, 0, 1, 1, 0, 0});
  batch.lengths = IntTensor({kSamples}, {kLengths[0], kLengths[1]});
  return batch;
}

// Positions before the padding: some of both samples.
const std::vector<int32_t> kPositions = {1, 2, 4, 5, 7};

ForwardContext Training() {
  ForwardContext context;
  context.training = true;
  context.seed = 11;
  context.epoch = 2;
  context.step = 3;
  context.first_row = 6;  // a chunk that is not the first
  return context;
}

// The rows of the masks for rows of the batch.
std::vector<int64_t> MaskRows(const std::vector<int32_t>& positions) {
  std::vector<int64_t> rows;
  for (int32_t p : positions) rows.push_back(Training().first_row * kTokens + p);
  return rows;
}
std::vector<int32_t> AllPositions() {
  std::vector<int32_t> all;
  for (int32_t i = 0; i < kRows; ++i) all.push_back(i);
  return all;
}

TEST(OpsSequence, LayerNorm) {
  Parameter scale = RandomParameter({6}, 1), shift = RandomParameter({6}, 2);
  const LayerNormLayer norm{.scale = &scale, .shift = &shift, .epsilon = 1e-3f};
  EXPECT_TRUE(CheckGradients(
      [&](Tape& tape, const std::vector<Var>& in) { return LayerNorm(tape, in[0], norm); },
      {RandomTensor({5, 6}, 3)},
      [](const std::vector<Doubles>& in) { return NormOf(in[0], in[1], in[2], 1e-3f); },
      {.parameters = {&scale, &shift}}));
}

void CheckEmbedding(bool normalised, bool segmented) {
  constexpr int64_t kVocabulary = 7, kPositionRows = 6;
  Parameter token = RandomParameter({kVocabulary, kFeatures}, 1),
            position = RandomParameter({kPositionRows, kFeatures}, 2);
  Parameter segment = RandomParameter({2, kFeatures}, 3);
  Parameter scale = RandomParameter({kFeatures}, 4), shift = RandomParameter({kFeatures}, 5);
  const DropoutLayer dropout{0.3f, 7};
  LayerNormLayer norm{.epsilon = 1e-3f};
  std::vector<Parameter*> parameters = {&token, &position};
  if (segmented) parameters.push_back(&segment);
  if (normalised) {
    norm.scale = &scale, norm.shift = &shift;
    parameters.insert(parameters.end(), {&scale, &shift});
  }
  const TokenBatch batch = Tokens();
  EXPECT_TRUE(CheckGradients(
      [&](Tape& tape, const std::vector<Var>&) {
        return EmbedTokens(tape, batch, {&token, &position, segmented ? &segment : nullptr}, norm,
                           dropout, Training());
      },
      {},
      [&](const std::vector<Doubles>& in) {
        Doubles sum(kRows * kFeatures);
        for (int64_t i = 0; i < kRows * kFeatures; ++i) {
          const int64_t row = i / kFeatures, c = i % kFeatures;
          sum[i] =
              in[0][batch.ids.ints()[row] * kFeatures + c] + in[1][row % kTokens * kFeatures + c];
          if (segmented) sum[i] += in[2][batch.segments.ints()[row] * kFeatures + c];
        }
        if (normalised) sum = NormOf(sum, in[in.size() - 2], in[in.size() - 1], norm.epsilon);
        return DropoutOf(sum, kFeatures, dropout, Training(), MaskRows(AllPositions()));
      },
      {.parameters = parameters}));
}

TEST(OpsSequence, Embedding) {
  CheckEmbedding(true, true);
  CheckEmbedding(true, false);
  CheckEmbedding(false, true);
}

Doubles AttentionOf(const Doubles& x, const Doubles& weight, const Doubles& bias,
                    const std::vector<int32_t>& positions, const DropoutLayer& dropout) {
  constexpr int64_t kWidth = kFeatures / kHeads;
  const Doubles qkv = LinearOf(x, kFeatures, weight, bias);
  const DropoutMask mask = MakeDropout(Training().DropoutKey(dropout.layer), dropout.probability);
  Doubles out(positions.size() * kFeatures);
  for (size_t i = 0; i < positions.size(); ++i) {
    const int64_t sample = positions[i] / kTokens, length = kLengths[sample];
    if (positions[i] % kTokens >= length) continue;
    for (int64_t head = 0; head < kHeads; ++head) {
      const auto at = [&](int64_t part, int64_t row, int64_t w) {
        return qkv[row * 3 * kFeatures + part * kFeatures + head * kWidth + w];
      };
      Doubles p(length);
      double total = 0;
      for (int64_t j = 0; j < length; ++j) {
        for (int64_t w = 0; w < kWidth; ++w)
          p[j] += at(0, positions[i], w) * at(1, sample * kTokens + j, w);
        total += p[j] = std::exp(p[j] / std::sqrt(static_cast<double>(kWidth)));
      }
      std::vector<float> multipliers(kTokens);
      DropoutRow(mask, MaskRows({positions[i]})[0] * kHeads + head, kTokens, multipliers.data());
      for (int64_t j = 0; j < length; ++j) {
        for (int64_t w = 0; w < kWidth; ++w) {
          out[i * kFeatures + head * kWidth + w] +=
              p[j] / total * multipliers[j] * at(2, sample * kTokens + j, w);
        }
      }
    }
  }
  return out;
}

// Every product of what is checked in bfloat16, or none.
GradientCheckOptions Options(Precision precision, const std::vector<Parameter*>& parameters,
                             std::vector<Tensor>& inputs) {
  if (precision == Precision::kBfloat16) return InBfloat16(parameters, inputs);
  return {.parameters = parameters};
}

void CheckAttention(bool all, bool with_bias, Precision precision = Precision::kFloat32) {
  Parameter weight = RandomParameter({3 * kFeatures, kFeatures}, 1, 0.5f),
            bias = RandomParameter({3 * kFeatures}, 2);
  if (!with_bias) bias.value.Zero();
  const SelfAttention attention{&weight, with_bias ? &bias : nullptr, kHeads, {0.3f, 4}};
  const std::vector<int32_t> positions = all ? AllPositions() : kPositions;
  const Tensor listed =
      all ? Tensor() : IntTensor({static_cast<int64_t>(positions.size())}, positions);
  std::vector<Tensor> inputs = {RandomTensor({kRows, kFeatures}, 3)};
  const GradientCheckOptions options = Options(
      precision,
      with_bias ? std::vector<Parameter*>{&weight, &bias} : std::vector<Parameter*>{&weight},
      inputs);
  EXPECT_TRUE(CheckGradients(
      [&](Tape& tape, const std::vector<Var>& in) {
        return attention(tape, in[0], Tokens(), listed, Training());
      },
      inputs,
      [&](const std::vector<Doubles>& in) {
        const Doubles none(3 * kFeatures, 0.0);
        return AttentionOf(in[0], in[1], with_bias ? in[2] : none, positions, attention.dropout);
      },
      options));
}

TEST(OpsSequence, AttentionOfAllTokens) { CheckAttention(true, true); }
TEST(OpsSequence, AttentionOfListedTokens) { CheckAttention(false, true); }
TEST(OpsSequence, AttentionWithoutABias) {
  CheckAttention(true, false);
  CheckAttention(false, false);
}
TEST(OpsSequence, AttentionInBfloat16) {
  CheckAttention(true, true, Precision::kBfloat16);
  CheckAttention(false, true, Precision::kBfloat16);
  CheckAttention(true, false, Precision::kBfloat16);
}

TEST(OpsSequenceDeathTest, AnythingButAMatrixIsNamed) {
  Parameter weight = RandomParameter({3 * kFeatures, kFeatures}, 1);
  Parameter scale = RandomParameter({kFeatures}, 2), shift = RandomParameter({kFeatures}, 3);
  const LayerNormLayer norm{&scale, &shift, 1e-5f};
  const SelfAttention attention{&weight, nullptr, kHeads, {}};
  const PositionWiseLayer layer{.weight = &weight};
  const Tensor rows = IntTensor({1}, {0});
  Tape tape;
  const Var x = tape.Constant(RandomTensor({kSamples, kTokens, kFeatures}, 4));
  const std::string given = "a matrix \\[R, D\\]; it is given " + x.shape().ToString();
  EXPECT_DEATH(LayerNorm(tape, x, norm), "LayerNorm takes " + given);
  EXPECT_DEATH(attention(tape, x, Tokens(), Tensor(), Training()), "SelfAttention takes " + given);
  EXPECT_DEATH(layer(tape, x, Var(), kTokens, Tensor(), Training()), "Layer takes " + given);
  EXPECT_DEATH(Rows(tape, x, rows), "Rows takes " + given);
  EXPECT_DEATH(MeanOverTokens(tape, x, Tokens()), "MeanOverTokens takes " + given);
}

// residual: 0 none, 1 another tensor, 2 the input itself.
void CheckPositionWise(int64_t hidden, bool normalised, int residual, bool listed,
                       Precision precision = Precision::kFloat32) {
  const std::vector<int32_t> positions = listed ? kPositions : AllPositions();
  const int64_t rows = positions.size(), inner = hidden > 0 ? hidden : kFeatures;
  Parameter w1 = RandomParameter({hidden, kFeatures}, 1, 0.5f), b1 = RandomParameter({hidden}, 2);
  Parameter w = RandomParameter({kFeatures, inner}, 3, 0.5f), b = RandomParameter({kFeatures}, 4);
  Parameter scale = RandomParameter({kFeatures}, 5), shift = RandomParameter({kFeatures}, 6);
  PositionWiseLayer layer{
      .activation = Activation::kGelu, .weight = &w, .bias = &b, .dropout = {0.3f, 9}};
  std::vector<Parameter*> parameters = {&w, &b};
  if (hidden > 0) {
    layer.hidden_weight = &w1, layer.hidden_bias = &b1;
    parameters.insert(parameters.end(), {&w1, &b1});
  }
  layer.norm.epsilon = 1e-3f;
  if (normalised) {
    layer.norm.scale = &scale, layer.norm.shift = &shift;
    parameters.insert(parameters.end(), {&scale, &shift});
  }
  std::vector<Tensor> inputs = {RandomTensor({rows, kFeatures}, 7)};
  if (residual == 1) inputs.push_back(RandomTensor({rows, kFeatures}, 8));
  GradientCheckOptions options = Options(precision, parameters, inputs);
  // Hidden sums, values and both their gradients are rounded, one after the other, and the
  // normalisation of so few features divides by deviations that may be small.
  if (precision == Precision::kBfloat16 && hidden > 0) options.tolerance = 0x1p-5;
  EXPECT_TRUE(CheckGradients(
      [&](Tape& tape, const std::vector<Var>& in) {
        const Tensor rows_of_masks = listed ? IntTensor({rows}, positions) : Tensor();
        return layer(tape, in[0], residual == 0 ? Var() : in[residual == 1], kTokens, rows_of_masks,
                     Training());
      },
      inputs,
      [&](const std::vector<Doubles>& in) {
        const Doubles* next = &in[inputs.size()];
        Doubles a = in[0];
        const Doubles &weight = *next++, &bias = *next++;
        if (hidden > 0) {
          const Doubles &weight1 = *next++, &bias1 = *next++;
          a = LinearOf(a, kFeatures, weight1, bias1);
          for (double& value : a) value = Gelu(value);
        }
        Doubles y = DropoutOf(LinearOf(a, inner, weight, bias), kFeatures, layer.dropout,
                              Training(), MaskRows(positions));
        if (residual != 0) {
          for (size_t i = 0; i < y.size(); ++i) y[i] += in[residual == 1][i];
        }
        return normalised ? NormOf(y, next[0], next[1], 1e-3f) : y;
      },
      options))
      << "hidden " << hidden << " norm " << normalised << " residual " << residual << " listed "
      << listed;
}

TEST(OpsSequence, PositionWise) {
  for (int64_t hidden : {0, 6}) {
    for (bool normalised : {false, true}) {
      for (int residual : {0, 1, 2}) CheckPositionWise(hidden, normalised, residual, residual == 1);
    }
  }
}

TEST(OpsSequence, PositionWiseInBfloat16) {
  for (int64_t hidden : {0, 6}) {
    for (bool normalised : {false, true}) {
      for (int residual : {0, 1, 2}) {
        CheckPositionWise(hidden, normalised, residual, residual == 1, Precision::kBfloat16);
      }
    }
  }
}

TEST(OpsSequence, Rows) {
  EXPECT_TRUE(CheckGradients(
      [](Tape& tape, const std::vector<Var>& in) {
        return Rows(tape, in[0], IntTensor({3}, {0, 2, 5}));
      },
      {RandomTensor({6, 3}, 1)},
      [](const std::vector<Doubles>& in) {
        Doubles y;
        for (int row : {0, 2, 5}) y.insert(y.end(), &in[0][3 * row], &in[0][3 * row] + 3);
        return y;
      }));
}

TEST(OpsSequence, MeanOverTokens) {
  EXPECT_TRUE(CheckGradients(
      [](Tape& tape, const std::vector<Var>& in) { return MeanOverTokens(tape, in[0], Tokens()); },
      {RandomTensor({kRows, kFeatures}, 1)},
      [](const std::vector<Doubles>& in) {
        Doubles y(kSamples * kFeatures);
        for (int64_t n = 0; n < kSamples; ++n) {
          for (int64_t i = 0; i < kLengths[n] * kFeatures; ++i) {
            y[n * kFeatures + i % kFeatures] += in[0][n * kTokens * kFeatures + i] / kLengths[n];
          }
        }
        return y;
      }));
}

void CheckLoss(bool with_bias, double factor, Precision precision = Precision::kFloat32) {
  const std::vector<int32_t> targets = {2, 0, 6, 2};
  std::vector<Tensor> inputs = {RandomTensor({4, 3}, 1), RandomTensor({7, 3}, 2),
                                RandomTensor({7}, 3)};
  if (!with_bias) inputs.pop_back();
  const GradientCheckOptions options = Options(precision, {}, inputs);
  EXPECT_TRUE(CheckGradients(
      [&](Tape& tape, const std::vector<Var>& in) {
        int64_t correct = -1;
        const Var loss =
            SoftmaxCrossEntropyLoss(tape, in[0], InPrecision(tape, in[1]),
                                    with_bias ? in[2] : Var(), IntTensor({4}, targets), &correct);
        EXPECT_GE(correct, 0);
        // A factor in front: the gradient that comes back is not 1.
        return tape.Record(
            "times", Tensor::Full({}, static_cast<float>(factor * loss.value().item())), {loss},
            [&tape, loss, factor](const Tensor& dy) {
              tape.AddGradient(loss, Tensor::Full({}, static_cast<float>(factor * dy.item())));
            });
      },
      inputs,
      [&](const std::vector<Doubles>& in) {
        const Doubles scores = LinearOf(in[0], 3, in[1], with_bias ? in[2] : Doubles());
        double loss = 0;
        for (int64_t m = 0; m < 4; ++m) {
          double sum = 0;
          for (int64_t k = 0; k < 7; ++k) sum += std::exp(scores[m * 7 + k]);
          loss += (std::log(sum) - scores[m * 7 + targets[m]]) / 4;
        }
        return Doubles{factor * loss};
      },
      options));
}

TEST(OpsSequence, SoftmaxCrossEntropyLoss) {
  CheckLoss(true, 1);
  CheckLoss(false, 1);
  CheckLoss(true, 0.25);
}
TEST(OpsSequence, SoftmaxCrossEntropyLossInBfloat16) {
  CheckLoss(true, 1, Precision::kBfloat16);
  CheckLoss(false, 0.25, Precision::kBfloat16);
}

// A layer of all this, to look at steps as wholes.
struct Model {
  Parameter token = RandomParameter({50, 16}, 1), position = RandomParameter({40, 16}, 2);
  Parameter qkv = RandomParameter({48, 16}, 3, 0.3f), qkv_bias = RandomParameter({48}, 4);
  Parameter w1 = RandomParameter({32, 16}, 5, 0.3f), b1 = RandomParameter({32}, 6);
  Parameter w2 = RandomParameter({16, 32}, 7, 0.3f), b2 = RandomParameter({16}, 8);
  Parameter scale = RandomParameter({16}, 9), shift = RandomParameter({16}, 10);
  Tensor positions;
  TokenBatch batch;

  Model() {
    batch = {.samples = 20, .tokens = 40};
    std::vector<int32_t> ids, at;
    for (int i = 0; i < 800; ++i) ids.push_back(i * 7 % 50);
    for (int i = 3; i < 800; i += 7) at.push_back(i);
    batch.ids = IntTensor({20, 40}, ids);
    positions = IntTensor({static_cast<int64_t>(at.size())}, at);
  }

  std::vector<Parameter*> all() {
    return {&token, &position, &qkv, &qkv_bias, &w1, &b1, &w2, &b2, &scale, &shift};
  }

  double Step(Tape& tape, bool listed) {
    tape.Reset();
    for (Parameter* p : all()) p->has_gradient = false;
    const LayerNormLayer norm{&scale, &shift, 1e-5f};
    const Tensor at = listed ? positions : Tensor();
    const Var x =
        EmbedTokens(tape, batch, {&token, &position, nullptr}, norm, {0.1f, 0}, Training());
    const SelfAttention attention{&qkv, &qkv_bias, 2, {0.1f, 1}};
    const Var a = attention(tape, x, batch, at, Training());
    const PositionWiseLayer feed_forward{&w1, &b1, Activation::kGelu, &w2, &b2, {0.1f, 2}, norm};
    const Var residual = listed ? Rows(tape, x, positions) : x;
    Var h = feed_forward(tape, a, residual, 40, at, Training());
    if (!listed) h = Rows(tape, h, positions);
    int64_t correct;
    Tensor targets = IntTensor({positions.size()}, std::vector<int32_t>(positions.size(), 3));
    const Var loss = SoftmaxCrossEntropyLoss(tape, h, tape.Use(token), Var(), targets, &correct);
    const double value = loss.value().item();
    tape.Backward(loss);
    return value;
  }
};

TEST(OpsSequence, ListedTokensGiveTheGradientsOfAll) {
  Model all, listed;
  Tape tape;
  // The same sums in another order: rounding of float32.
  EXPECT_NEAR(all.Step(tape, false), listed.Step(tape, true), 1e-5);
  for (size_t i = 0; i < all.all().size(); ++i) {
    EXPECT_TRUE(
        AllClose(ToDoubles(listed.all()[i]->gradient), ToDoubles(all.all()[i]->gradient), 1e-4))
        << i;
  }
}

TEST(OpsSequence, SameBitsForAnyNumberOfThreads) {
  const int threads = omp_get_max_threads();
  Model one, five;
  Tape tape;
  omp_set_num_threads(1);
  const double loss = one.Step(tape, true);
  omp_set_num_threads(5);
  EXPECT_EQ(five.Step(tape, true), loss);
  omp_set_num_threads(threads);
  for (size_t i = 0; i < one.all().size(); ++i) {
    const Tensor &a = one.all()[i]->gradient, &b = five.all()[i]->gradient;
    EXPECT_EQ(std::memcmp(a.data(), b.data(), a.size() * sizeof(float)), 0) << i;
  }
}

TEST(OpsSequence, ASteadyStepAllocatesNothing) {
  Model model;
  Tape tape;
  model.Step(tape, true);
  model.Step(tape, true);
  const int64_t misses = MemoryPool::stats().misses;
  model.Step(tape, true);
  EXPECT_EQ(MemoryPool::stats().misses, misses);
}

}  // namespace
}  // namespace pretext
