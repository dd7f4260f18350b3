// The attracting half of the loss: each row and the rows of its class. Internal to the package.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/nt_xent/nt_xent.h"

namespace pretext::nt_xent_internal {

// The samples class by class.
struct Classes {
  std::vector<int32_t> samples;     // all samples, those of a class side by side
  std::vector<int64_t> first;       // class c is samples[first[c]] up to samples[first[c + 1]]
  int64_t rows_with_positives = 0;  // the rows that the mean is over

  explicit Classes(const NtXentProblem& problem);
  int64_t count() const { return static_cast<int64_t>(first.size()) - 1; }
};

// Whether rows have terms in their sums over A(i); without any, the logarithm counts as 0.
inline bool HasTerms(const NtXentProblem& problem) {
  return problem.decoupled ? problem.samples > 1 : problem.rows() > 1;
}

// For each row i with positives
//
//   weight_i = 1 / rows_with_positives
//   cosine_i = mean of z_i · z_p over p ∈ P(i)
//
// both 0 for the others. Unless null, gradient_i is the gradient of -Σ_j weight_j · cosine_j / τ
// with respect to z_i.
void Attract(const NtXentProblem& problem, const Classes& classes, const float* z, float* weight,
             float* cosine, float* gradient);

}  // namespace pretext::nt_xent_internal
