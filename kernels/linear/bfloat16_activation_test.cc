#include "kernels/linear/bfloat16_activation.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>
#include <limits>
#include <vector>

#include "kernels/activation/activation_reference.h"
#include "kernels/testing/testing.h"

namespace pretext {
namespace {

// More rows than a block, a width that is none of vectors alone.
constexpr int64_t kRows = 75, kColumns = 61, kSize = kRows * kColumns;

std::vector<Bfloat16> Narrow(const std::vector<float>& values) {
  std::vector<Bfloat16> narrow(values.size());
  ToBfloat16(static_cast<int64_t>(values.size()), values.data(), narrow.data());
  return narrow;
}

// Rounding once, and what the function itself may err by; what becomes 0 for being denormal.
double Tolerance(double value, double own) {
  return kBfloat16Rounding * std::abs(value) + own + std::numeric_limits<float>::min();
}

class Bfloat16ActivationTest : public testing::TestWithParam<Activation> {};

TEST_P(Bfloat16ActivationTest, IsTheFunctionRounded) {
  const std::vector<Bfloat16> x = Narrow(Normals(kSize, 1));
  std::vector<Bfloat16> y(kSize);
  ActivationForward(GetParam(), kSize, x.data(), y.data());
  for (int64_t i = 0; i < kSize; ++i) {
    const double in = ToFloat(x[i]), exact = ExactActivation(GetParam(), in);
    ASSERT_TRUE(std::abs(ToFloat(y[i]) - exact) <=
                Tolerance(exact, ActivationTolerance(GetParam(), in)))
        << in;
  }
}

TEST_P(Bfloat16ActivationTest, GradientsAndTheirSums) {
  const std::vector<Bfloat16> x = Narrow(Normals(kSize, 1)), dy = Narrow(Normals(kSize, 2));
  std::vector<Bfloat16> y(kSize), again(kSize), back = dy, d = dy;
  ActivationForward(GetParam(), kSize, x.data(), y.data());
  std::vector<float> sums(kColumns, 10), sums_again(kColumns, 10);
  const bool from_output = DerivativeFromOutput(GetParam());
  ActivationBackward(GetParam(), kRows, kColumns, from_output ? y.data() : x.data(), back.data(),
                     {sums.data(), true});
  ActivationAgain(GetParam(), kRows, kColumns, x.data(), again.data(), d.data(),
                  {sums_again.data(), true});
  EXPECT_EQ(y, again);
  for (int64_t c = 0; c < kColumns; ++c) {
    double sum = 10, rounded_sum = 10, size = 10;
    for (int64_t i = c; i < kSize; i += kColumns) {
      const double in = ToFloat(x[i]), term = ToFloat(dy[i]) * ExactSlope(GetParam(), in);
      sum += term;
      rounded_sum += ToFloat(back[i]);
      size += std::abs(term);
      if (AtKink(GetParam(), in)) continue;
      ASSERT_TRUE(std::abs(ToFloat(d[i]) - term) <= Tolerance(term, 1e-5)) << in;
      // From y, which was rounded: slopes of the functions change by no more than y does.
      ASSERT_TRUE(std::abs(ToFloat(back[i]) - term) <=
                  Tolerance(term, 1e-5) + (from_output ? 2 * kBfloat16Rounding : 0) *
                                              std::abs(ToFloat(dy[i]) * ToFloat(y[i])))
          << in;
    }
    // Before they are rounded: with the error of float32 alone.
    EXPECT_TRUE(std::abs(sums_again[c] - sum) <= 1e-5 * size) << c;
    if (!from_output) {
      EXPECT_EQ(sums[c], sums_again[c]);
    }
    EXPECT_TRUE(std::abs(sums[c] - rounded_sum) <= kBfloat16Rounding * size) << c;
  }
}

TEST_P(Bfloat16ActivationTest, TheSameBitsForAnyNumberOfThreads) {
  const std::vector<Bfloat16> x = Narrow(Normals(kSize, 1)), dy = Narrow(Normals(kSize, 2));
  const int threads = omp_get_max_threads();
  std::vector<Bfloat16> d[2] = {dy, dy};
  std::vector<float> sums[2] = {std::vector<float>(kColumns), std::vector<float>(kColumns)};
  for (int i : {0, 1}) {
    omp_set_num_threads(1 + 2 * i);
    ActivationBackward(GetParam(), kRows, kColumns, x.data(), d[i].data(), {sums[i].data()});
  }
  omp_set_num_threads(threads);
  EXPECT_EQ(d[0], d[1]);
  EXPECT_EQ(sums[0], sums[1]);
}

TEST_P(Bfloat16ActivationTest, NanStaysAndSumsMayBeUnwanted) {
  std::vector<Bfloat16> x(kSize, ToBfloat16(NAN)), d = x;
  ActivationForward(GetParam(), kSize, x.data(), x.data());
  ActivationBackward(GetParam(), kRows, kColumns, x.data(), d.data(), {});
  for (int64_t i = 0; i < kSize; ++i) {
    ASSERT_TRUE(std::isnan(ToFloat(x[i]))) << i;
    ASSERT_TRUE(std::isnan(ToFloat(d[i]))) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Activations, Bfloat16ActivationTest, testing::ValuesIn(kActivations),
                         [](const auto& info) { return ActivationName(info.param); });

}  // namespace
}  // namespace pretext
