#include "kernels/reconstruction/reconstruction.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>
#include <limits>
#include <vector>

namespace pretext {
namespace {

using Floats = std::vector<float>;

Floats Wave(int64_t n, float scale, float shift) {
  Floats x(static_cast<size_t>(n));
  for (int64_t i = 0; i < n; ++i) {
    x[static_cast<size_t>(i)] = shift + scale * std::sin(1.3f * static_cast<float>(i));
  }
  return x;
}

constexpr int64_t kSizes[] = {1, 2, 15, 16, 17, 4095, 4096, 4097, 50000};

// float sums of 4096 terms by 16 lanes: 256 roundings of 6e-8 a lane, in practice their root; 1e-5
// relative is ample and still a thousand times below a wrong term.
constexpr double kTolerance = 1e-5;

TEST(SquaredError, ValueAndGradient) {
  for (int64_t n : kSizes) {
    const Floats r = Wave(n, 2, 0.1f), x = Wave(n, 0.5f, 0.5f);
    Floats gradient(r.size());
    double expected = 0;
    for (size_t i = 0; i < r.size(); ++i) {
      expected += (double{r[i]} - x[i]) * (double{r[i]} - x[i]);
    }
    const double value = SquaredError(n, r.data(), x.data(), 0.25f, gradient.data());
    EXPECT_TRUE(std::abs(value - expected) <= kTolerance * expected) << n;
    EXPECT_EQ(SquaredError(n, r.data(), x.data(), 1, nullptr), value);
    for (size_t i = 0; i < r.size(); ++i) {
      EXPECT_TRUE(std::abs(gradient[i] - 0.5 * (double{r[i]} - x[i])) <= 1e-6);
    }
  }
}

TEST(LogitCrossEntropy, ValueAndGradient) {
  for (int64_t n : kSizes) {
    const Floats l = Wave(n, 30, 0.1f), x = Wave(n, 0.5f, 0.5f);
    Floats gradient(l.size());
    double expected = 0;
    for (size_t i = 0; i < l.size(); ++i) {
      expected += std::max<double>(l[i], 0) - double{l[i]} * x[i] +
                  std::log1p(std::exp(-std::abs(double{l[i]})));
    }
    const double value = LogitCrossEntropy(n, l.data(), x.data(), 0.25f, gradient.data());
    EXPECT_TRUE(std::abs(value - expected) <= kTolerance * std::abs(expected) + 1e-5) << n;
    for (size_t i = 0; i < l.size(); ++i) {
      const double slope = 0.25 * (1 / (1 + std::exp(-double{l[i]})) - x[i]);
      EXPECT_TRUE(std::abs(gradient[i] - slope) <= 1e-6);
    }
  }
}

TEST(Reconstruction, NaNPropagatesAndSaturatedLogitsStayFinite) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), huge = 1000, zero = 0, one = 1;
  EXPECT_TRUE(std::isnan(SquaredError(1, &nan, &zero, 1, nullptr)));
  EXPECT_TRUE(std::isnan(LogitCrossEntropy(1, &nan, &zero, 1, nullptr)));
  EXPECT_EQ(LogitCrossEntropy(1, &huge, &zero, 1, nullptr), 1000);
  EXPECT_EQ(LogitCrossEntropy(1, &huge, &one, 1, nullptr), 0);
}

TEST(Reconstruction, SameBitsWhateverTheThreads) {
  const Floats r = Wave(100001, 2, 0.1f), x = Wave(100001, 0.5f, 0.5f);
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  const double one = SquaredError(100001, r.data(), x.data(), 1, nullptr);
  omp_set_num_threads(3);
  const double three = SquaredError(100001, r.data(), x.data(), 1, nullptr);
  omp_set_num_threads(threads);
  EXPECT_EQ(one, three);
}

}  // namespace
}  // namespace pretext
