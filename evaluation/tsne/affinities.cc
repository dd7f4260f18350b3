#include <algorithm>
#include <cmath>

#include "evaluation/tsne/tsne.h"

namespace pretext {
namespace {

// Fills p_j|i of row i from its squared distances, by bisection over 1 / 2σ².
void FillRow(const std::vector<double>& squares, int64_t i, double perplexity,
             std::vector<double>& p) {
  const auto count = static_cast<int64_t>(squares.size());
  const double wanted = std::log(perplexity);
  double nearest = INFINITY, sum_of_squares = 0;
  for (int64_t j = 0; j < count; ++j) {
    if (j == i) continue;
    nearest = std::min(nearest, squares[j]);
    sum_of_squares += squares[j];
  }
  // From what the mean distance suggests: points at any scale begin alike.
  double beta = sum_of_squares > 0 ? static_cast<double>(count - 1) / sum_of_squares : 1;
  double low = 0, high = INFINITY;
  constexpr int kHalvings = 100;
  for (int step = 0; step < kHalvings; ++step) {
    // Relative to the nearest: only ratios matter.
    double sum = 0, moment = 0;
    for (int64_t j = 0; j < count; ++j) {
      const double apart = squares[j] - nearest;
      p[j] = j == i ? 0 : std::exp(-beta * apart);
      sum += p[j];
      moment += p[j] * apart;
    }
    const double entropy = std::log(sum) + beta * moment / sum;
    for (double& value : p) value /= sum;
    if (std::abs(entropy - wanted) < 1e-6) return;
    if (entropy > wanted) {
      low = beta;
      beta = std::isinf(high) ? 2 * beta : (beta + high) / 2;
    } else {
      high = beta;
      beta = (beta + low) / 2;
    }
  }
}

}  // namespace

std::vector<float> TsneAffinities(const Features& points, double perplexity) {
  const int64_t n = points.count, d = points.width;
  std::vector<float> conditional(n * n), affinities(n * n);
#pragma omp parallel
  {
    std::vector<double> squares(n), row(n);
#pragma omp for schedule(static)
    for (int64_t i = 0; i < n; ++i) {
      const float* const a = points.values.data() + i * d;
      for (int64_t j = 0; j < n; ++j) {
        const float* const b = points.values.data() + j * d;
        double sum = 0;
#pragma omp simd reduction(+ : sum)
        for (int64_t c = 0; c < d; ++c) sum += (double{a[c]} - b[c]) * (double{a[c]} - b[c]);
        squares[j] = sum;
      }
      FillRow(squares, i, perplexity, row);
      for (int64_t j = 0; j < n; ++j) conditional[i * n + j] = static_cast<float>(row[j]);
    }
#pragma omp for schedule(static)
    for (int64_t i = 0; i < n; ++i) {
      for (int64_t j = 0; j < n; ++j) {
        affinities[i * n + j] =
            (conditional[i * n + j] + conditional[j * n + i]) / (2 * static_cast<float>(n));
      }
    }
  }
  return affinities;
}

}  // namespace pretext
