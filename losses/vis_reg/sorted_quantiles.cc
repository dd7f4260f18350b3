#include "losses/vis_reg/sorted_quantiles.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>
#include <utility>
#include <vector>

#include "base/check/check.h"
#include "core/ops/record_loss.h"
#include "losses/slices/slice_blocks.h"

namespace pretext {
namespace {

// A rational approximation of Φ⁻¹ (Acklam 2003), within 1.2e-9 of the result.
double RoughQuantile(double q) {
  constexpr double kA[] = {-3.969683028665376e+01, 2.209460984245205e+02,  -2.759285104469687e+02,
                           1.383577518672690e+02,  -3.066479806614716e+01, 2.506628277459239e+00};
  constexpr double kB[] = {-5.447609879822406e+01, 1.615858368580409e+02,  -1.556989798598866e+02,
                           6.680131188771972e+01,  -1.328068155288572e+01, 1};
  constexpr double kC[] = {-7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00,
                           -2.549732539343734e+00, 4.374664141464968e+00,  2.938163982698783e+00};
  constexpr double kD[] = {7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00,
                           3.754408661907416e+00, 1};
  const auto polynomial = [](const auto& coefficients, double x) {
    double sum = 0;
    for (const double c : coefficients) sum = sum * x + c;
    return sum;
  };
  constexpr double kTail = 0.02425;
  if (q < kTail) {
    const double x = std::sqrt(-2 * std::log(q));
    return polynomial(kC, x) / polynomial(kD, x);
  }
  if (q > 1 - kTail) return -RoughQuantile(1 - q);
  const double x = q - 0.5, square = x * x;
  return polynomial(kA, square) * x / polynomial(kB, square);
}

// A number whose order as a whole is that of (value, row); -0 comes before 0.
uint64_t Key(float value, int64_t row) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const uint32_t ordered = (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
  return static_cast<uint64_t>(ordered) << 32 | static_cast<uint32_t>(row);
}

}  // namespace

double NormalQuantile(double q) {
  const double x = RoughQuantile(q);
  // Halley's step: the error's third power is what remains.
  const double error = 0.5 * std::erfc(-x / std::numbers::sqrt2) - q;
  const double u = error * std::sqrt(2 * std::numbers::pi) * std::exp(0.5 * x * x);
  return x - u / (1 + 0.5 * x * u);
}

Var SortedQuantiles(Tape& tape, Var p, int64_t samples) {
  const Tensor rows = p.value().Plain();
  const int64_t columns = rows.dim(1), views = rows.dim(0) / samples;
  PRETEXT_CHECK(rows.dim(0) == views * samples, "as many samples in each view");
  std::vector<float> quantiles(static_cast<size_t>(samples));
  for (int64_t i = 0; i < samples; ++i) {
    quantiles[static_cast<size_t>(i)] = static_cast<float>(
        NormalQuantile(static_cast<double>(i + 1) / static_cast<double>(samples + 1)));
  }
  Tensor gradient = Tensor::Uninitialized(rows.shape());
  const auto terms = static_cast<double>(rows.size());
  const auto slope = static_cast<float>(2 / terms);
  const double sum =
      SumOverSliceBlocks(views, samples, columns, /*cost=*/40, [&](int64_t begin, int64_t lanes) {
        const float* const from = rows.data() + begin;
        float* const to = gradient.data() + begin;
        std::vector<uint64_t> keys(static_cast<size_t>(samples));
        double distance = 0;
        for (int64_t m = 0; m < lanes; ++m) {
          for (int64_t n = 0; n < samples; ++n)
            keys[static_cast<size_t>(n)] = Key(from[n * columns + m], n);
          std::sort(keys.begin(), keys.end());
          for (int64_t i = 0; i < samples; ++i) {
            const int64_t at =
                static_cast<int64_t>(keys[static_cast<size_t>(i)] & 0xffffffffu) * columns + m;
            const float difference = from[at] - quantiles[static_cast<size_t>(i)];
            distance += static_cast<double>(difference) * difference;
            to[at] = slope * difference;
          }
        }
        return distance;
      });
  if (!p.requires_gradient()) gradient = Tensor();
  return RecordLoss(tape, "sorted_quantiles", sum / terms, p, std::move(gradient));
}

}  // namespace pretext
