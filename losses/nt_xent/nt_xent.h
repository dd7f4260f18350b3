// NtXent: the normalised temperature-scaled cross-entropy of SimCLR (Chen et al. 2020, equation 1
// and algorithm 1), the mean over the R = V·N rows.
//
//   s_ij = cos(z_i, z_j) / τ
//   L    = 1/R Σ_i [ log Σ_{j≠i} exp(s_ij) - 1/(V-1) Σ_{p∈P(i)} s_ip ]
//
// P(i): the other views of row i's sample. The mean, as in most implementations; google-research's
// sums over the two views, twice this. Prediction: vector D, of any length (it is normalised here).
// Two views or more. Gradient: to the prediction. See kernels/nt_xent for zero vectors and others.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "core/plugin/plugin.h"

namespace pretext {

class NtXent;  // the config, nt_xent.proto

class NtXentLoss : public Loss {
 public:
  // Faults: a temperature below 1e-4, fewer than two views, a prediction that is not a vector.
  static absl::StatusOr<std::unique_ptr<Loss>> Create(const NtXent& config,
                                                      const BuildContext& context);
  explicit NtXentLoss(float temperature) : temperature_(temperature) {}

  LossResult Compute(Tape& tape, const Prediction& prediction, const Batch& batch) override;
  int64_t least_samples() const override { return 2; }

  // ln(R - 1): all similarities the same.
  std::optional<double> Chance(int64_t samples, int64_t views) const override;
  // Positives the same, negatives at right angles.
  std::optional<double> Floor(int64_t samples, int64_t views) const override;

 private:
  const float temperature_;
};

}  // namespace pretext
