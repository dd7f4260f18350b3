// A result of the kernel beside the reference, for tests.
#pragma once

#include <cfloat>
#include <cmath>
#include <string>
#include <vector>

#include "kernels/nt_xent/nt_xent_reference.h"

namespace pretext {

struct Outcome {
  NtXentResult result;
  std::vector<float> gradient;
  std::vector<float> row_loss;  // empty: not computed
};

// Empty if they agree. A cosine is a sum of D products of rounded factors: its error, one rounding
// (eps / 2) each way at random, stays below 4 · (√D + 4) · eps / 2 (4 standard deviations and the
// roundings of the factors); a similarity has that over τ. A weight (exp of it over a sum of such)
// has twice that as its relative error, and a gradient is a sum of R weighted rows.
inline std::string Mismatch(const NtXentProblem& p, const NtXentReference& want,
                            const Outcome& got) {
  const double similarity_error = 2 * FLT_EPSILON * (std::sqrt(p.features) + 4) / p.temperature;
  const double sum_error = 2 * FLT_EPSILON * (std::sqrt(p.rows()) + 4);
  const std::string name =
      "N=" + std::to_string(p.samples) + " V=" + std::to_string(p.views) +
      " D=" + std::to_string(p.features) + " τ=" + std::to_string(p.temperature) +
      (p.decoupled ? " decoupled" : "") + (p.labels != nullptr ? " labels" : "") + ": ";
  const auto differ = [&](const std::string& what, double is, double should) {
    return name + what + " " + std::to_string(is) + " instead of " + std::to_string(should);
  };
  if (got.result.status != NtXentStatus::kOk) return name + "status";
  if (!(std::abs(got.result.loss - want.loss) <= 2 * similarity_error + sum_error)) {
    return differ("loss", got.result.loss, want.loss);
  }
  if (!(std::abs(got.result.positive_cosine - want.positive_cosine) <=
        similarity_error * p.temperature)) {
    return differ("positive cosine", got.result.positive_cosine, want.positive_cosine);
  }
  if (!(std::abs(got.result.mean_cosine - want.mean_cosine) <= similarity_error * p.temperature)) {
    return differ("mean cosine", got.result.mean_cosine, want.mean_cosine);
  }
  for (int64_t i = 0; i < p.rows(); ++i) {
    const double row_tolerance =
        2 * similarity_error + sum_error + FLT_EPSILON * std::abs(want.row_loss[i]);
    if (!got.row_loss.empty() && !(std::abs(got.row_loss[i] - want.row_loss[i]) <= row_tolerance)) {
      return differ("loss of row " + std::to_string(i), got.row_loss[i], want.row_loss[i]);
    }
    for (int64_t f = 0; f < p.features; ++f) {
      const int64_t e = i * p.features + f;
      const double tolerance =
          (2 * similarity_error + sum_error) * want.gradient_weight[i] + FLT_MIN;
      if (!(std::abs(got.gradient[e] - want.gradient[e]) <= tolerance)) {
        return differ("gradient of row " + std::to_string(i), got.gradient[e], want.gradient[e]);
      }
    }
  }
  return "";
}

}  // namespace pretext
