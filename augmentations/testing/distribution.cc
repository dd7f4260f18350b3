#include "augmentations/testing/distribution.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace pretext {

double KolmogorovSmirnov(std::vector<double> draws, const std::function<double(double)>& cdf) {
  std::sort(draws.begin(), draws.end());
  const auto n = static_cast<double>(draws.size());
  double distance = 0;
  for (size_t i = 0; i < draws.size(); ++i) {
    const double p = cdf(draws[i]);
    distance = std::max({distance, p - i / n, (i + 1) / n - p});
    if (std::isnan(p)) return 0;
  }
  // Stephens' (1970) small-sample correction of Kolmogorov's limit.
  const double t = distance * (std::sqrt(n) + 0.12 + 0.11 / std::sqrt(n));
  if (t < 0.2) return 1;  // Where the series converges slowly, it is 1 to 12 places.
  double sum = 0;
  for (int k = 1; k <= 100; ++k) sum += (k % 2 == 1 ? 2 : -2) * std::exp(-2.0 * k * k * t * t);
  return std::clamp(sum, 0.0, 1.0);
}

namespace {

// The probability that chi-square with k degrees of freedom exceeds `square`, by Wilson and
// Hilferty (1931): the cube root of chi-square / k is close to normal.
double ChiSquareTail(double square, double k) {
  const double spread = 2 / (9 * k);
  const double z = (std::cbrt(square / k) - (1 - spread)) / std::sqrt(spread);
  return 0.5 * std::erfc(z / std::sqrt(2.0));
}

}  // namespace

double ChiSquare(const std::vector<double>& counts, const std::vector<double>& probabilities) {
  const double total = std::accumulate(counts.begin(), counts.end(), 0.0);
  double square = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    const double expected = total * probabilities[i];
    square += (counts[i] - expected) * (counts[i] - expected) / expected;
  }
  return ChiSquareTail(square, static_cast<double>(counts.size() - 1));
}

double ChiSquareOfTwo(const std::vector<double>& a, const std::vector<double>& b) {
  constexpr double kFew = 20;
  double square = 0, few_a = 0, few_b = 0;
  int bins = 0;
  const auto add = [&](double x, double y) {
    if (x + y == 0) return;
    square += (x - y) * (x - y) / (x + y);
    ++bins;
  };
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] + b[i] < kFew) {
      few_a += a[i];
      few_b += b[i];
    } else {
      add(a[i], b[i]);
    }
  }
  add(few_a, few_b);
  return bins < 2 ? 1 : ChiSquareTail(square, bins - 1);
}

std::function<double(double)> UniformCdf(double low, double high) {
  return [=](double x) { return std::clamp((x - low) / (high - low), 0.0, 1.0); };
}

}  // namespace pretext
