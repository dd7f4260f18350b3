// Dcl: the decoupled contrastive loss (Yeh et al. 2021, equation 6), the mean
// over the R = V·N rows.
//
//   s_ij = cos(z_i, z_j) / τ
//   L    = 1/R Σ_i [ log Σ_{j∈A(i)} exp(s_ij) - 1/(V-1) Σ_{p∈P(i)} s_ip ]
//
// P(i): the other views of row i's sample; A(i): the views of all other samples. May be negative.
// With one sample there is no negative and the logarithm counts as 0. Prediction: vector D, of any
// length. Two views or more. Gradient: to the prediction.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "core/plugin/plugin.h"

namespace pretext {

class Dcl;  // the config, dcl.proto

class DclLoss : public Loss, private LossOfBlocks {
 public:
  // Faults: a temperature below 1e-4, fewer than two views, a prediction that is not a vector.
  static absl::StatusOr<std::unique_ptr<Loss>> Create(const Dcl& config,
                                                      const BuildContext& context);
  explicit DclLoss(float temperature) : temperature_(temperature) {}

  LossResult Compute(Tape& tape, const Prediction& prediction, const Batch& batch) override;
  int64_t least_samples() const override { return 2; }
  const LossOfBlocks* of_blocks() const override { return this; }

  // All similarities 0: ln(R - V).
  std::optional<double> Chance(int64_t samples, int64_t views) const override;
  // Positives the same, negatives at right angles.
  std::optional<double> Floor(int64_t samples, int64_t views) const override;

 private:
  LossResult ComputeBlock(Tape& tape, const Prediction& prediction, const Batch& batch,
                          int64_t samples, BlockMember& member) const override;

  const float temperature_;
};

}  // namespace pretext
