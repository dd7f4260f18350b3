#include "losses/vicreg/vicreg.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "base/check/check.h"
#include "core/ops/record_loss.h"
#include "kernels/gemm/gemm.h"
#include "losses/contrastive/contrastive_loss.h"
#include "losses/vicreg/vicreg.pb.h"

namespace pretext {
namespace {

constexpr double kEpsilon = 1e-4;

// 1/(N D) Σ |a - b|²; adds `scale` times its gradient to those of a and b unless null.
double Invariance(int64_t size, const float* a, const float* b, float scale, float* gradient_a,
                  float* gradient_b) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < size; ++i) {
    const double difference = static_cast<double>(a[i]) - b[i];
    sum += difference * difference;
  }
  if (gradient_a != nullptr) {
    const float slope = 2 * scale / static_cast<float>(size);
#pragma omp simd
    for (int64_t i = 0; i < size; ++i) {
      const float step = slope * (a[i] - b[i]);
      gradient_a[i] += step;
      gradient_b[i] -= step;
    }
  }
  return sum / static_cast<double>(size);
}

// One view less its mean, and the variance of its features.
struct CenteredView {
  Tensor rows;  // [N, D]
  std::vector<double> variance;
  double degrees;  // N - 1, or 1

  explicit CenteredView(const Tensor& view)
      : rows(Tensor::Uninitialized(view.shape())),
        variance(view.dim(1)),
        degrees(std::max<double>(1, static_cast<double>(view.dim(0) - 1))) {
    const int64_t n = view.dim(0), features = view.dim(1);
    std::vector<double> mean(features);
    for (int64_t i = 0; i < n * features; ++i) mean[i % features] += view.data()[i];
    for (int64_t i = 0; i < n * features; ++i) {
      const double centered = view.data()[i] - mean[i % features] / static_cast<double>(n);
      rows.data()[i] = static_cast<float>(centered);
      variance[i % features] += centered * centered / degrees;
    }
  }
};

// 1/D Σ max(0, 1 - √(Var + ε)); adds `scale` times its gradient.
double Variance(const CenteredView& view, float scale, float* gradient) {
  const int64_t n = view.rows.dim(0), features = view.rows.dim(1);
  double sum = 0;
  std::vector<float> slope(features);
  for (int64_t d = 0; d < features; ++d) {
    const double deviation = std::sqrt(view.variance[d] + kEpsilon);
    if (deviation >= 1) continue;
    sum += 1 - deviation;  // a NaN arrives here
    slope[d] =
        static_cast<float>(-scale / (static_cast<double>(features) * view.degrees * deviation));
  }
  if (gradient != nullptr) {
    for (int64_t i = 0; i < n; ++i) {
      const float* row = view.rows.data() + i * features;
      float* g = gradient + i * features;
#pragma omp simd
      for (int64_t d = 0; d < features; ++d) g[d] += slope[d] * row[d];
    }
  }
  return sum / static_cast<double>(features);
}

// 2/D Σ_{i≠j} Cov_ij²; adds `scale` times its gradient. `covariance`: room for D×D.
double Covariance(const CenteredView& view, float scale, float* covariance, float* gradient) {
  const int64_t n = view.rows.dim(0), features = view.rows.dim(1);
  const auto inverse = static_cast<float>(1 / view.degrees);
  Gemm(Transpose::kYes, Transpose::kNo, features, features, n, inverse, view.rows.data(), features,
       view.rows.data(), features, 0.0f, covariance, features);
  double sum = 0;
  for (int64_t i = 0; i < features; ++i) {
    float* row = covariance + i * features;
    row[i] = 0;
    double squares = 0;
#pragma omp simd reduction(+ : squares)
    for (int64_t j = 0; j < features; ++j) squares += static_cast<double>(row[j]) * row[j];
    sum += squares;
  }
  if (gradient != nullptr) {
    // Cov is symmetric: each row of the view meets it twice, and each square has slope two.
    Gemm(Transpose::kNo, Transpose::kNo, n, features, features,
         8 * scale * inverse / static_cast<float>(features), view.rows.data(), features, covariance,
         features, 1.0f, gradient, features);
  }
  return 2 * sum / static_cast<double>(features);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Loss>> VicRegLoss::Create(const VicReg& config,
                                                         const BuildContext& context) {
  FieldChecker check;
  check.NotNegative("invariance_weight", config.invariance_weight());
  check.NotNegative("variance_weight", config.variance_weight());
  check.NotNegative("covariance_weight", config.covariance_weight());
  CheckComparedViews(context, /*least_views=*/2, check);
  if (!check.ok()) return check.status();
  return std::make_unique<VicRegLoss>(
      Weights{config.invariance_weight(), config.variance_weight(), config.covariance_weight()});
}

LossResult VicRegLoss::Compute(Tape& tape, const Prediction& prediction, const Batch& batch) {
  const Var z = prediction.value;
  const Tensor rows = z.value().Plain();
  PRETEXT_CHECK(rows.rank() == 2 && rows.dim(0) == batch.rows(), "a vector for every view");
  const int64_t n = batch.samples, views = batch.views, features = rows.dim(1);
  const float pair_weight = 2.0f / static_cast<float>(views * (views - 1));
  const float view_weight = 1.0f / static_cast<float>(views);
  Tensor gradient = z.requires_gradient() ? Tensor::Zeros(rows.shape()) : Tensor();
  Tensor room = Tensor::Uninitialized({features, features});
  const auto gradient_of = [&](int64_t view) {
    return gradient.defined() ? gradient.data() + view * n * features : nullptr;
  };
  double invariance = 0, variance = 0, covariance = 0;
  for (int64_t a = 0; a < views; ++a) {
    for (int64_t b = a + 1; b < views; ++b) {
      invariance += pair_weight * Invariance(n * features, rows.data() + a * n * features,
                                             rows.data() + b * n * features,
                                             weights_.invariance * pair_weight, gradient_of(a),
                                             gradient_of(b));
    }
    const CenteredView view(rows.Rows(a * n, (a + 1) * n));
    variance += view_weight * Variance(view, weights_.variance * view_weight, gradient_of(a));
    covariance += view_weight *
                  Covariance(view, weights_.covariance * view_weight, room.data(), gradient_of(a));
  }
  const double loss = weights_.invariance * invariance + weights_.variance * variance +
                      weights_.covariance * covariance;
  return {
      .loss = RecordLoss(tape, "vicreg", loss, z, std::move(gradient)),
      .weight = static_cast<double>(batch.rows()),
      .metrics = {{"invariance", invariance}, {"variance", variance}, {"covariance", covariance}}};
}

PRETEXT_REGISTER_LOSS(VicRegLoss, VicReg);

}  // namespace pretext
