#include "kernels/nt_xent/nt_xent.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/check/worse.h"
#include "pipelines/selfcheck/numbers.h"
#include "pipelines/selfcheck/selfcheck.h"

namespace pretext {
namespace {

constexpr int64_t kSamples = 150, kFeatures = 32;  // 300 rows: more than two tiles, and a rest
constexpr double kTemperature = 0.2;

// The loss by its definition; z holds rows of length 1.
double Dense(const std::vector<double>& x) {
  constexpr int64_t kRows = 2 * kSamples;
  std::vector<double> z(x.size());
  for (int64_t i = 0; i < kRows; ++i) {
    double squares = 0;
    for (int64_t d = 0; d < kFeatures; ++d) squares += x[i * kFeatures + d] * x[i * kFeatures + d];
    for (int64_t d = 0; d < kFeatures; ++d)
      z[i * kFeatures + d] = x[i * kFeatures + d] / std::sqrt(squares);
  }
  double loss = 0;
  for (int64_t i = 0; i < kRows; ++i) {
    double sum = 0, positive = 0;
    for (int64_t j = 0; j < kRows; ++j) {
      if (j == i) continue;
      double s = 0;
      for (int64_t d = 0; d < kFeatures; ++d) s += z[i * kFeatures + d] * z[j * kFeatures + d];
      s /= kTemperature;
      sum += std::exp(s);
      if (j == (i + kSamples) % kRows) positive = s;
    }
    loss += std::log(sum) - positive;
  }
  return loss / kRows;
}

}  // namespace

CheckResult CheckTiledNtXent() {
  const std::vector<float> x = Uniform(2 * kSamples * kFeatures, 4);
  std::vector<float> gradient(x.size());
  const NtXentResult tiled = ComputeNtXent(
      {.samples = kSamples, .features = kFeatures, .temperature = static_cast<float>(kTemperature)},
      x.data(), gradient.data(), nullptr);
  std::vector<double> at(x.begin(), x.end());
  const double loss_difference = std::abs(tiled.loss - Dense(at)) / Dense(at);
  double worst = 0, squares = 0;
  for (const float g : gradient) squares += double{g} * g;
  const double typical = std::sqrt(squares / static_cast<double>(gradient.size()));
  // Some elements of the gradient, of rows of each tile.
  for (size_t k = 7; k < x.size(); k += x.size() / 12) {
    constexpr double kStep = 1e-4;
    const double before = at[k];
    at[k] = before + kStep;
    const double above = Dense(at);
    at[k] = before - kStep;
    const double slope = (above - Dense(at)) / (2 * kStep);
    at[k] = before;
    worst = Worse(worst, std::abs(slope - gradient[k]) / typical);
  }
  const bool passed = loss_difference <= 1e-5 && worst <= 1e-3;
  return {passed, absl::StrFormat("by tiles against all pairs in double precision: loss differs by "
                                  "%.1e, gradient by %.1e",
                                  loss_difference, worst)};
}

}  // namespace pretext
