#include "kernels/activation/activation.h"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/activation/activation_reference.h"
#include "kernels/testing/testing.h"
#include "omp.h"

namespace pretext {
namespace {

// Sizes around the vector width and the block, none, one, and enough for every thread.
constexpr int64_t kSizes[] = {0, 1, 7, 15, 16, 17, 31, 33, 4095, 4096, 4097, 16384, 50001};

TEST(Activation, ForwardMatchesTheDefinition) {
  for (Activation activation : kActivations) {
    for (int64_t n : kSizes) {
      const std::vector<float> x = Normals(n, n, 2);
      std::vector<float> y(n);
      ActivationForward(activation, n, x.data(), y.data());
      for (int64_t i = 0; i < n; ++i) {
        const double want = ExactActivation(activation, x[i]);
        const double tolerance = ActivationTolerance(activation, x[i]);
        ASSERT_TRUE(std::abs(y[i] - want) <= tolerance)
            << ActivationName(activation) << " x " << x[i] << " got " << y[i] << " want " << want;
      }
    }
  }
}

// How far a gradient is from central differences of the definition, in units of the tolerance.
double GradientError(Activation activation, const std::vector<float>& x,
                     const std::vector<float>& dy, const std::vector<float>& dx) {
  Largest worst;
  for (size_t i = 0; i < x.size(); ++i) {
    if (AtKink(activation, x[i])) continue;
    const double slope = ExactSlope(activation, x[i]);
    // Slopes are sums of terms up to 1 in size within some ulp; the tanh form's x s (1 - s) (2u)'
    // has an error of an ulp in 1 - s times x (2u)', up to 40 here. 64 ulp of 1, times dy.
    const double tolerance = (64 * 0x1p-24 + 1e-9) * std::abs(dy[i]);
    worst.Add(std::abs(dx[i] - dy[i] * slope) / tolerance);
  }
  return worst.value();
}

TEST(Activation, BackwardMatchesFiniteDifferences) {
  for (Activation activation : kActivations) {
    for (int64_t n : kSizes) {
      const std::vector<float> x = Normals(n, n, 2), dy = Normals(n, n + 1);
      std::vector<float> y(n), dx(n);
      ActivationForward(activation, n, x.data(), y.data());
      const float* saved = DerivativeFromOutput(activation) ? y.data() : x.data();
      ActivationBackward(activation, n, saved, dy.data(), dx.data());
      ASSERT_LE(GradientError(activation, x, dy, dx), 1.0)
          << ActivationName(activation) << " n " << n;
    }
  }
}

TEST(Activation, LargeNumbersHaveTheSlopesOfTheirLimits) {
  const std::vector<float> x = {1e20f, -1e20f, 1e38f, -1e38f, 17, -17}, dy(x.size(), 1);
  for (const Activation activation :
       {Activation::kRelu, Activation::kGelu, Activation::kGeluTanh}) {
    std::vector<float> dx(x.size());
    ActivationBackward(activation, static_cast<int64_t>(x.size()), x.data(), dy.data(), dx.data());
    for (size_t i = 0; i < x.size(); ++i)
      EXPECT_EQ(dx[i], x[i] > 0 ? 1 : 0) << ActivationName(activation) << " " << x[i];
  }
}

TEST(Activation, KinksAreWhereAFunctionBends) {
  EXPECT_TRUE(AtKink(Activation::kRelu, 0));
  for (const float x : Normals(1000, 7, 2)) {
    for (Activation activation : kActivations) {
      EXPECT_EQ(AtKink(activation, x), activation == Activation::kRelu && std::abs(x) < 2e-5);
    }
  }
}

TEST(Activation, PlantedFaultsAreCaught) {
  const int64_t n = 1000;
  const std::vector<float> x = Normals(n, 5, 2), dy = Normals(n, 6);
  std::vector<float> exact(n), approximate(n);
  ActivationBackward(Activation::kGelu, n, x.data(), dy.data(), exact.data());
  ActivationBackward(Activation::kGeluTanh, n, x.data(), dy.data(), approximate.data());
  // Each form's gradient in place of the other's: they differ by up to 3e-4.
  EXPECT_GT(GradientError(Activation::kGelu, x, dy, approximate), 1.0);
  EXPECT_GT(GradientError(Activation::kGeluTanh, x, dy, exact), 1.0);
  exact[n - 1] *= 1.001f;  // the tail
  EXPECT_GT(GradientError(Activation::kGelu, x, dy, exact), 1.0);
}

TEST(Activation, BiasIsAddedFirstAndTheSumKept) {
  for (Activation activation : kActivations) {
    for (int64_t columns : {1, 5, 16, 33, 5000}) {
      const int64_t rows = 9;
      const std::vector<float> x = Normals(rows * columns, 1), bias = Normals(columns, 2);
      std::vector<float> want(x), y(x.size()), sum(x.size()), in_place(x);
      for (int64_t i = 0; i < rows * columns; ++i) want[i] += bias[i % columns];
      const std::vector<float> want_sum = want;
      ActivationForward(activation, rows * columns, want.data(), want.data());
      BiasActivationForward(activation, rows, columns, x.data(), bias.data(), sum.data(), y.data());
      EXPECT_EQ(y, want);
      EXPECT_EQ(sum, want_sum);
      BiasActivationForward(activation, rows, columns, in_place.data(), bias.data(), nullptr,
                            in_place.data());
      EXPECT_EQ(in_place, want);
    }
  }
}

TEST(Activation, AgainIsForwardAndBackward) {
  const int64_t n = 4099;
  const std::vector<float> x = Normals(n, 1, 2), dy = Normals(n, 2);
  for (Activation activation : kActivations) {
    std::vector<float> y(n), dx(n), y_again(n), d(dy);
    ActivationForward(activation, n, x.data(), y.data());
    ActivationBackward(activation, n, DerivativeFromOutput(activation) ? y.data() : x.data(),
                       dy.data(), dx.data());
    ActivationAgain(activation, n, x.data(), y_again.data(), d.data());
    EXPECT_EQ(y_again, y);
    EXPECT_EQ(d, dx);
  }
}

TEST(Activation, NanPropagates) {
  for (Activation activation : kActivations) {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const std::vector<float> x(20, nan);
    std::vector<float> y(20);
    ActivationForward(activation, 20, x.data(), y.data());
    for (float value : y) EXPECT_TRUE(std::isnan(value)) << ActivationName(activation);
  }
}

TEST(Activation, SameBitsForAnyNumberOfThreads) {
  const int64_t n = 100003;
  const std::vector<float> x = Normals(n, 3, 2);
  const int threads = omp_get_max_threads();
  for (Activation activation : kActivations) {
    std::vector<float> one(n), many(n);
    omp_set_num_threads(1);
    ActivationForward(activation, n, x.data(), one.data());
    omp_set_num_threads(5);
    ActivationForward(activation, n, x.data(), many.data());
    EXPECT_EQ(std::memcmp(one.data(), many.data(), n * sizeof(float)), 0);
  }
  omp_set_num_threads(threads);
}

}  // namespace
}  // namespace pretext
