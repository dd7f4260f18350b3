#include <omp.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/check/worse.h"
#include "core/autograd/autograd.h"
#include "core/ops/image.h"
#include "kernels/gemm/gemm.h"
#include "pipelines/selfcheck/numbers.h"
#include "pipelines/selfcheck/selfcheck.h"

namespace pretext {
namespace {

// Of the best of some runs within a few seconds.
double GigaflopsOf(double flop, const std::function<void()>& run) {
  double best = 1e300, all = 0;
  for (int i = 0; i < 50 && (i < 4 || all < 2); ++i) {
    const auto start = std::chrono::steady_clock::now();
    run();
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
    all += passed.count();
    if (i > 0) best = std::min(best, passed.count());  // the first makes the libraries' code
  }
  return flop / best * 1e-9;
}

}  // namespace

CheckResult CheckProducts() {
  constexpr int64_t kSize = 1024;
  const std::vector<float> a = Uniform(kSize * kSize, 1), b = Uniform(kSize * kSize, 2);
  std::vector<float> c(kSize * kSize);
  const double speed = GigaflopsOf(2.0 * kSize * kSize * kSize, [&] {
    Gemm(Transpose::kNo, Transpose::kNo, kSize, kSize, kSize, 1, a.data(), kSize, b.data(), kSize,
         0, c.data(), kSize);
  });
  double worst = 0;
  for (int64_t k = 0; k < 50; ++k) {  // elements here and there
    const int64_t i = k * 7919 % kSize, j = k * 104729 % kSize;
    double sum = 0;
    for (int64_t l = 0; l < kSize; ++l) {
      sum += double{a[static_cast<size_t>(i * kSize + l)]} * b[static_cast<size_t>(l * kSize + j)];
    }
    worst = Worse(worst, std::abs(sum - c[static_cast<size_t>(i * kSize + j)]));
  }
  // Sums of 1024 products of deviation 1/3: 11; rounding of their parts at 6e-8 each.
  return {
      worst <= 1e-3,
      absl::StrFormat("%d×%d, %d threads: %.0f GF/s, elements differ by %.1e from sums in double "
                      "precision",
                      kSize, kSize, omp_get_max_threads(), speed, worst)};
}

CheckResult CheckConvolutions() {
  constexpr int64_t kSamples = 16, kChannels = 64, kSide = 32;
  Tensor x = Tensor::Uninitialized({kSamples, kChannels, kSide, kSide});
  const std::vector<float> values = Uniform(x.size(), 3);
  std::copy(values.begin(), values.end(), x.data());
  ParameterSet set;
  Parameter& weight =
      *set.Add("w", Role::kWeight, {kChannels, kChannels, 3, 3}, Initializer::Normal(0.1f));
  set.Allocate("conv", 1);
  Tensor y;
  const double flop = 2.0 * kSamples * kSide * kSide * kChannels * kChannels * 9;
  const double speed = GigaflopsOf(flop, [&] {
    Tape tape(/*recording=*/false);
    y = Conv2d(tape, tape.Constant(x), weight, nullptr, {.stride = 1, .padding = 1}).value();
  });
  y = y.Plain();
  double worst = 0;
  for (int64_t k = 0; k < 20; ++k) {
    const int64_t n = k % kSamples, o = k * 7 % kChannels, i = k * 5 % kSide, j = k * 11 % kSide;
    double sum = 0;
    for (int64_t c = 0; c < kChannels; ++c) {
      for (int64_t p = 0; p < 3; ++p) {
        for (int64_t q = 0; q < 3; ++q) {
          const int64_t at_y = i + p - 1, at_x = j + q - 1;
          if (at_y < 0 || at_y >= kSide || at_x < 0 || at_x >= kSide) continue;
          sum += double{x.data()[((n * kChannels + c) * kSide + at_y) * kSide + at_x]} *
                 weight.value.data()[((o * kChannels + c) * 3 + p) * 3 + q];
        }
      }
    }
    const double actual = y.data()[((n * kChannels + o) * kSide + i) * kSide + j];
    worst = Worse(worst, std::abs(actual - sum));
  }
  // Values of deviation 1.4; Winograd's algorithm rounds ten times as much as the direct one.
  return {worst <= 1e-4,
          absl::StrFormat("3×3, 64 to 64 channels of 32×32: %.0f GF/s, elements differ "
                          "by %.1e from sums in double precision",
                          speed, worst)};
}

}  // namespace pretext
