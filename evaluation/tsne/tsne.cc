#include "evaluation/tsne/tsne.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check/check.h"

namespace pretext {
namespace {

constexpr float kExaggeration = 12;
constexpr int kExaggerated = 250;  // iterations
constexpr double kEarlyMomentum = 0.5, kMomentum = 0.8;
constexpr float kLeastGain = 0.01f;

// x and y at the scale where x has a standard deviation of 1e-4; it is about 0. All points at one
// place, or on a line, lie there with what rounding leaves: gradients of equal points are zero.
void ScaleStart(std::vector<float>& x, std::vector<float>& y) {
  double square = 0;
  for (const float value : x) square += std::pow(value, 2) / static_cast<double>(x.size());
  const auto scale = static_cast<float>(square > 0 ? 1e-4 / std::sqrt(square) : 0);
  for (std::vector<float>* along : {&x, &y}) {
    for (float& value : *along) value *= scale;
  }
}

// One coordinate of all points, moved.
struct Descent {
  std::vector<float> gradient, speed, gain;
  explicit Descent(int64_t n) : gradient(n), speed(n, 0.0f), gain(n, 1.0f) {}

  void Move(float momentum, float rate, std::vector<float>& at) {
    double sum = 0;
    for (size_t i = 0; i < at.size(); ++i) {
      const bool turns = (gradient[i] > 0) != (speed[i] > 0);
      gain[i] = std::max(kLeastGain, turns ? gain[i] + 0.2f : gain[i] * 0.8f);
      speed[i] = momentum * speed[i] - rate * gain[i] * gradient[i];
      at[i] += speed[i];
      sum += at[i];
    }
    const auto mean = static_cast<float>(sum / static_cast<double>(at.size()));
    for (float& value : at) value -= mean;
  }
};

}  // namespace

double TsneGradient(const std::vector<float>& affinities, float exaggeration,
                    const std::vector<float>& x, const std::vector<float>& y,
                    std::vector<float>& dx, std::vector<float>& dy) {
  const auto n = static_cast<int64_t>(x.size());
  std::vector<double> weights(n);  // Σ_j of a row, without i itself
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < n; ++i) {
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t j = 0; j < n; ++j) {
      const float a = x[i] - x[j], b = y[i] - y[j];
      sum += 1 / (1 + a * a + b * b);
    }
    weights[i] = double{sum} - 1;
  }
  double total = 0;
  for (const double weight : weights) total += weight;
  const auto inverse = static_cast<float>(1 / total);
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < n; ++i) {
    const float* const p = affinities.data() + i * n;
    float sum_x = 0, sum_y = 0;
#pragma omp simd reduction(+ : sum_x, sum_y)
    for (int64_t j = 0; j < n; ++j) {
      const float a = x[i] - x[j], b = y[i] - y[j];
      const float weight = 1 / (1 + a * a + b * b);
      const float pull = (exaggeration * p[j] - weight * inverse) * weight;
      sum_x += pull * a;
      sum_y += pull * b;
    }
    dx[i] = 4 * sum_x;
    dy[i] = 4 * sum_y;
  }
  return total;
}

absl::StatusOr<TsneResult> Tsne(const Features& points, std::vector<float> x, std::vector<float> y,
                                const TsneOptions& options) {
  const int64_t n = points.count;
  if (absl::Status s = CheckFinite(points, "map's"); !s.ok()) return s;
  if (n < 4) return absl::InvalidArgumentError(absl::StrCat("t-SNE of ", n, " points: at least 4"));
  PRETEXT_CHECK(static_cast<int64_t>(x.size()) == n && static_cast<int64_t>(y.size()) == n,
                "each point begins somewhere");
  ScaleStart(x, y);
  TsneResult result{.x = std::move(x), .y = std::move(y)};
  result.perplexity = std::min(options.perplexity, static_cast<double>(n - 1) / 3);
  const std::vector<float> affinities = TsneAffinities(points, result.perplexity);
  const auto rate =
      static_cast<float>(std::max(50.0, static_cast<double>(n) / (4 * kExaggeration)));
  Descent along_x(n), along_y(n);
  for (int step = 0; step < options.iterations; ++step) {
    absl::Status s = options.work.Tell("map", static_cast<double>(step) / options.iterations);
    if (!s.ok()) return s;
    const bool early = step < kExaggerated;
    TsneGradient(affinities, early ? kExaggeration : 1, result.x, result.y, along_x.gradient,
                 along_y.gradient);
    const auto momentum = static_cast<float>(early ? kEarlyMomentum : kMomentum);
    along_x.Move(momentum, rate, result.x);
    along_y.Move(momentum, rate, result.y);
  }
  const double total =
      TsneGradient(affinities, 1, result.x, result.y, along_x.gradient, along_y.gradient);
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      const double p = affinities[i * n + j];
      const double a = double{result.x[i]} - result.x[j], b = double{result.y[i]} - result.y[j];
      if (p > 0) result.divergence += p * std::log(p * total * (1 + a * a + b * b));
    }
  }
  return result;
}

}  // namespace pretext
