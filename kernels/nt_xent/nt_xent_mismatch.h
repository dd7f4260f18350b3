// A result of the kernel beside the reference, for tests.
#pragma once

#include <cfloat>
#include <cmath>
#include <string>
#include <vector>

#include "kernels/bfloat16/bfloat16.h"
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
//
// In bfloat16 a factor of a cosine has 16 bits, and what two such factors leave, times each other,
// is left out: 2^-17 twice and 2^-18 of a sum of products that is at most 1. Weights and rows of
// the gradient are rounded to 8 bits.
inline std::string Mismatch(const NtXentProblem& p, const NtXentReference& want,
                            const Outcome& got) {
  const double cosine_error = 2 * FLT_EPSILON * (std::sqrt(p.features) + 4);
  const double similarity_error = (cosine_error + (p.bfloat16 ? 0x1.4p-16 : 0)) / p.temperature;
  const double rounding = p.bfloat16 ? 2 * kBfloat16Rounding : 0;
  const double sum_error = 2 * FLT_EPSILON * (std::sqrt(p.rows()) + 4);
  const std::string name = "N=" + std::to_string(p.samples) + " V=" + std::to_string(p.views) +
                           " D=" + std::to_string(p.features) +
                           " τ=" + std::to_string(p.temperature) +
                           (p.decoupled ? " decoupled" : "") + (p.bfloat16 ? " bfloat16" : "") +
                           (p.labels != nullptr ? " labels" : "") + ": ";
  const auto differ = [&](const std::string& what, double is, double should) {
    return name + what + " " + std::to_string(is) + " instead of " + std::to_string(should);
  };
  if (got.result.status != NtXentStatus::kOk) return name + "status";
  if (!(std::abs(got.result.loss - want.loss) <= 2 * similarity_error + sum_error)) {
    return differ("loss", got.result.loss, want.loss);
  }
  if (!(std::abs(got.result.positive_cosine - want.positive_cosine) <= cosine_error)) {
    return differ("positive cosine", got.result.positive_cosine, want.positive_cosine);
  }
  if (!(std::abs(got.result.mean_cosine - want.mean_cosine) <= cosine_error)) {
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
          (2 * similarity_error + sum_error + rounding) * want.gradient_weight[i] + FLT_MIN;
      if (!(std::abs(got.gradient[e] - want.gradient[e]) <= tolerance)) {
        return differ("gradient of row " + std::to_string(i), got.gradient[e], want.gradient[e]);
      }
    }
  }
  return "";
}

}  // namespace pretext
