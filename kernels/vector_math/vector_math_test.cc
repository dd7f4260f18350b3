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

// Every function of the list: its error, its limits at infinity, which are the exact ones, and NaN.
#define PRETEXT_VECTOR_TEST(name, call, exact, ulps, limit)           \
  TEST(VectorMath, name) {                                            \
    const auto function = [](float x) -> float { return call; };      \
    const auto definition = [](double x) -> double { return exact; }; \
    EXPECT_LE(LargestError(function, definition, limit), ulps);       \
    EXPECT_EQ(function(kInfinity), definition(kInfinity));            \
    EXPECT_EQ(function(-kInfinity), definition(-kInfinity));          \
    EXPECT_TRUE(std::isnan(function(kNan)));                          \
  }
PRETEXT_VECTOR_FUNCTIONS(PRETEXT_VECTOR_TEST)
#undef PRETEXT_VECTOR_TEST

TEST(VectorMath, ExpOfNothingIsOne) { EXPECT_EQ(Exp(0.0f), 1.0f); }

// The measure itself: the square of a rounded t, which StandardNormal avoids, must be noticed.
TEST(VectorMath, ErrorMeasureSeesARoundedSquare) {
  const auto careless = [](float x) { return Exp(-0.5f * (x * x)) * 0.398942280401432678f; };
  const auto density = [](double x) {
    return std::exp(-0.5 * x * x) / std::sqrt(2 * std::numbers::pi);
  };
  EXPECT_GT(LargestError(careless, density, 40), 10.0);
}

}  // namespace
}  // namespace pretext
