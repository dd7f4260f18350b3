#include "kernels/vector_math/vector_math.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <numbers>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/testing/testing.h"

namespace pretext {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// The largest error of `function`, run as a vectorised loop, over floats spread evenly by their
// bits (so that every binade has the same share) with |x| <= limit: in ulp of the exact result
// where that is normal, in ulp of the smallest normal below.
template <class Function>
double LargestError(Function function, const std::function<double(double)>& exact, float limit) {
  std::vector<float> x, y;
  const uint32_t last = std::bit_cast<uint32_t>(limit);
  for (uint32_t bits = 0; bits <= last; bits += 997) {
    x.push_back(std::bit_cast<float>(bits));
    x.push_back(-x.back());
  }
  y.resize(x.size());
#pragma omp simd
  for (size_t i = 0; i < x.size(); ++i) y[i] = function(x[i]);
  Largest worst;
  for (size_t i = 0; i < x.size(); ++i) {
    const double want = exact(x[i]);
    if (std::abs(want) > std::numeric_limits<float>::max()) {
      EXPECT_EQ(y[i], std::copysign(kInfinity, want)) << x[i];
      continue;
    }
    int exponent;
    std::frexp(want, &exponent);
    const double ulp = std::ldexp(1.0, std::max(exponent, -125) - 24);
    worst.Add(std::abs(y[i] - want) / ulp);
  }
  return worst.value();
}

double ExactCdf(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }
double ExactDensity(double x) { return std::exp(-0.5 * x * x) / std::sqrt(2 * std::numbers::pi); }

TEST(VectorMath, ExpWithinOneUlp) {
  EXPECT_LE(
      LargestError([](float x) { return Exp(x); }, [](double x) { return std::exp(x); }, 1000),
      1.0);
}

TEST(VectorMath, ExpLimits) {
  EXPECT_EQ(Exp(0.0f), 1.0f);
  EXPECT_EQ(Exp(-kInfinity), 0.0f);
  EXPECT_EQ(Exp(kInfinity), kInfinity);
  EXPECT_TRUE(std::isnan(Exp(kNan)));
}

TEST(VectorMath, SigmoidWithinThreeUlp) {
  EXPECT_LE(LargestError([](float x) { return Sigmoid(x); },
                         [](double x) { return 1 / (1 + std::exp(-x)); }, 200),
            3.0);
  EXPECT_EQ(Sigmoid(kInfinity), 1.0f);
  EXPECT_EQ(Sigmoid(-kInfinity), 0.0f);
  EXPECT_TRUE(std::isnan(Sigmoid(kNan)));
}

TEST(VectorMath, TanhWithinThreeUlp) {
  EXPECT_LE(
      LargestError([](float x) { return Tanh(x); }, [](double x) { return std::tanh(x); }, 200),
      3.0);
  EXPECT_EQ(Tanh(kInfinity), 1.0f);
  EXPECT_EQ(Tanh(-kInfinity), -1.0f);
  EXPECT_TRUE(std::isnan(Tanh(kNan)));
}

TEST(VectorMath, NormalDistributionWithinSixUlp) {
  EXPECT_LE(LargestError([](float x) { return StandardNormal(x).cdf; }, ExactCdf, 40), 6.0);
  EXPECT_LE(LargestError([](float x) { return StandardNormal(x).density; }, ExactDensity, 40), 3.0);
  EXPECT_EQ(StandardNormal(kInfinity).cdf, 1.0f);
  EXPECT_EQ(StandardNormal(-kInfinity).cdf, 0.0f);
  EXPECT_TRUE(std::isnan(StandardNormal(kNan).cdf));
  EXPECT_TRUE(std::isnan(StandardNormal(kNan).density));
}

// The measure itself: the square of a rounded t, which StandardNormal avoids, must be noticed.
TEST(VectorMath, ErrorMeasureSeesARoundedSquare) {
  const auto careless = [](float x) { return Exp(-0.5f * (x * x)) * 0.398942280401432678f; };
  EXPECT_GT(LargestError(careless, ExactDensity, 40), 10.0);
}

}  // namespace
}  // namespace pretext
