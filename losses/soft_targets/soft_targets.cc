#include "losses/soft_targets/soft_targets.h"

#include <cmath>
#include <limits>
#include <utility>

#include "base/check/check.h"
#include "base/parallel/parallel.h"
#include "core/ops/basic.h"
#include "core/ops/record_loss.h"
#include "kernels/reduce/exp_of_entropy.h"
#include "losses/soft_targets/exp_of_row.h"

namespace pretext {
namespace {

constexpr float kLowest = std::numeric_limits<float>::lowest();

// The row becomes its softmax; gives the entropy: log Σ e^d - Σ d e^d / Σ e^d, d the distance from
// the largest.
double SoftmaxOfRow(int64_t k, float* row) {
  const float most = LargestOf(k, row, kLowest);
  double sum = 0, product = 0;
#pragma omp simd reduction(+ : sum, product)
  for (int64_t i = 0; i < k; ++i) {
    const float distance = row[i] - most, share = Exp(distance);
    sum += share;
    product += static_cast<double>(share) * distance;
    row[i] = share;
  }
  ScaleRow(k, static_cast<float>(1 / sum), row);
  return std::log(sum) - product / sum;
}

// row - the sum of the targets that have `row`'s view, and the sum's product with `scores`.
double SubtractTargets(int64_t k, const float* scores, const float* target, float* row) {
  double product = 0;
#pragma omp simd reduction(+ : product)
  for (int64_t i = 0; i < k; ++i) {
    product += static_cast<double>(target[i]) * scores[i];
    row[i] -= target[i];
  }
  return product;
}

}  // namespace

double EffectiveCount(const Tensor& targets) {
  Tape values(/*recording=*/false);
  const Tensor mean = ColumnMean(values, values.Constant(targets)).value();
  return ExpOfEntropy(mean.size(), mean.data());
}

Tensor SoftmaxOfRows(const Tensor& scores, const Tensor& center, float temperature,
                     double* entropy) {
  const int64_t rows = scores.dim(0), k = scores.dim(1);
  Tensor softmax = Tensor::Uninitialized(scores.shape());
  const float inverse = 1 / temperature;
  const float* const middle = center.defined() ? center.data() : nullptr;
  const double sum = ParallelSum(rows, 1, 4 * k, [&](int64_t r, int64_t) {
    const float* const from = scores.data() + r * k;
    float* const to = softmax.data() + r * k;
    for (int64_t i = 0; i < k; ++i) {
      to[i] = inverse * (middle == nullptr ? from[i] : from[i] - middle[i]);
    }
    return SoftmaxOfRow(k, to);
  });
  if (entropy != nullptr) *entropy = sum / static_cast<double>(rows);
  return softmax;
}

Var SoftCrossEntropy(Tape& tape, Var scores, const Tensor& targets,
                     const std::vector<ViewPair>& pairs, int64_t samples, float temperature) {
  const Tensor s = scores.value().Plain();
  const int64_t rows = s.dim(0), k = s.dim(1);
  PRETEXT_CHECK(targets.dim(1) == k && !pairs.empty(), "distributions over what is scored");
  std::vector<std::vector<int64_t>> targets_of(static_cast<size_t>(rows / samples));
  for (const ViewPair& pair : pairs)
    targets_of[static_cast<size_t>(pair.value)].push_back(pair.target);
  const double terms = static_cast<double>(pairs.size()) * static_cast<double>(samples);
  const float inverse = 1 / temperature;
  const auto scale = static_cast<float>(1 / (terms * temperature));
  Tensor gradient = Tensor::Uninitialized(s.shape());
  std::vector<double> losses(static_cast<size_t>(rows));
  ParallelFor(rows, 6 * k, [&](int64_t r) {
    const std::vector<int64_t>& views = targets_of[static_cast<size_t>(r / samples)];
    const float* const from = s.data() + r * k;
    float* const row = gradient.data() + r * k;
    if (views.empty()) {
      std::fill_n(row, k, 0.0f);
      return;
    }
    for (int64_t i = 0; i < k; ++i) row[i] = inverse * from[i];
    const float most = LargestOf(k, row, kLowest);
    const double sum = ExpOfRow(k, most, row);
    const auto count = static_cast<double>(views.size());
    ScaleRow(k, static_cast<float>(count / sum), row);
    double loss = count * (most + std::log(sum));
    for (const int64_t t : views) {
      const float* const target = targets.data() + (t * samples + r % samples) * k;
      loss -= inverse * SubtractTargets(k, from, target, row);
    }
    losses[static_cast<size_t>(r)] = loss;
    ScaleRow(k, scale, row);
  });
  double total = 0;
  for (const double loss : losses) total += loss;
  if (!scores.requires_gradient()) gradient = Tensor();
  return RecordLoss(tape, "soft_cross_entropy", total / terms, scores, std::move(gradient));
}

}  // namespace pretext
