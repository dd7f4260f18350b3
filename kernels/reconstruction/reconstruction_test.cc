#include "kernels/reconstruction/reconstruction.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
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

struct Loss {
  const char* name;
  double (*run)(int64_t, const float*, const float*, float, float*);
  double (*term)(double r, double x);
};
constexpr Loss kLosses[] = {
#define PRETEXT_LOSS(name, ...) \
  {#name, &name, [](double r, double x) -> double { return __VA_ARGS__; }},
    PRETEXT_RECONSTRUCTION_LOSSES(PRETEXT_LOSS)
#undef PRETEXT_LOSS
};

class ReconstructionTest : public testing::TestWithParam<Loss> {};

TEST_P(ReconstructionTest, ValueAndGradientMatchTheDefinition) {
  const Loss& loss = GetParam();
  for (int64_t n : {1, 2, 15, 16, 17, 4095, 4096, 4097, 50000}) {
    const Floats r = Wave(n, 30, 0.1f), x = Wave(n, 0.5f, 0.5f);
    Floats gradient(r.size());
    double expected = 0, magnitude = 0;
    for (size_t i = 0; i < r.size(); ++i) {
      expected += loss.term(r[i], x[i]);
      magnitude += std::abs(loss.term(r[i], x[i]));
    }
    const double value = loss.run(n, r.data(), x.data(), 0.25f, gradient.data());
    // float sums of 4096 terms by 16 lanes: 256 roundings of 6e-8 a lane, in practice their root;
    // 1e-5 relative is ample and still a thousand times below a wrong term. A term of 30 that
    // cancels to 0 is off by 4e-6.
    EXPECT_TRUE(std::abs(value - expected) <= 1e-5 * magnitude + 1e-5) << n;
    EXPECT_EQ(loss.run(n, r.data(), x.data(), 1, nullptr), value);
    for (size_t i = 0; i < r.size(); ++i) {
      // Central differences: terms of up to 1000 rounded at 1e-16 over 1e-4, 1e-9. Ours rounds a
      // few times at 6e-8.
      constexpr double kStep = 1e-4;
      const double slope =
          (loss.term(r[i] + kStep, x[i]) - loss.term(r[i] - kStep, x[i])) / (2 * kStep);
      ASSERT_TRUE(std::abs(gradient[i] - 0.25 * slope) <= 5e-7 * (1 + std::abs(slope)))
          << i << ": " << r[i] << " " << x[i] << " gives " << gradient[i];
    }
  }
}

TEST_P(ReconstructionTest, NaNPropagates) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), half = 0.5f;
  float gradient = 0;
  EXPECT_TRUE(std::isnan(GetParam().run(1, &nan, &half, 1, &gradient)));
  EXPECT_TRUE(std::isnan(gradient));
  EXPECT_TRUE(std::isnan(GetParam().run(1, &half, &nan, 1, &gradient)));
  EXPECT_TRUE(std::isnan(gradient));
}

TEST_P(ReconstructionTest, SameBitsWhateverTheThreads) {
  const Floats r = Wave(100001, 2, 0.1f), x = Wave(100001, 0.5f, 0.5f);
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  const double one = GetParam().run(100001, r.data(), x.data(), 1, nullptr);
  omp_set_num_threads(3);
  const double three = GetParam().run(100001, r.data(), x.data(), 1, nullptr);
  omp_set_num_threads(threads);
  EXPECT_EQ(one, three);
}

INSTANTIATE_TEST_SUITE_P(All, ReconstructionTest, testing::ValuesIn(kLosses),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(LogitCrossEntropy, SaturatedLogitsStayFinite) {
  const float huge = 1000, zero = 0, one = 1;
  EXPECT_EQ(LogitCrossEntropy(1, &huge, &zero, 1, nullptr), 1000);
  EXPECT_EQ(LogitCrossEntropy(1, &huge, &one, 1, nullptr), 0);
}

}  // namespace
}  // namespace pretext
