// NtXent: the normalised temperature-scaled cross-entropy of SimCLR (Chen et al. 2020, equation 1
// and algorithm 1), the mean over the R = V·N rows.
//
//   s_ij = cos(z_i, z_j) / τ
//   L    = 1/R Σ_i [ log Σ_{j≠i} exp(s_ij) - 1/(V-1) Σ_{p∈P(i)} s_ip ]
//
// P(i): the other views of row i's sample. The mean, as in most implementations; google-research's
// sums over the two views, twice this. Prediction: vector D, of any length (it is normalised here).
// Two views or more. Gradient: to the prediction. See kernels/nt_xent for zero vectors and others.
//
// With a target (Prediction::target) it is MoCo v3's (Chen et al. 2021, "An empirical study of
// training self-supervised vision transformers", algorithm 1), the mean over the P pairs of a view
// v of the prediction q and another view t of the target k:
//
//   L = 1/(P N) Σ_{(v,t), t≠v} Σ_n [ log Σ_m exp(cos(q_vn, k_tm) / τ) - cos(q_vn, k_tn) / τ ]
//
// so that the negatives are the other samples' targets of one view. Theirs (and solo-learn's) is
// the sum over the two pairs times 2τ: twice this with scale_by_temperature, which multiplies by
// 2τ. Target: a vector of D. Gradient: to the prediction alone.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "core/plugin/plugin.h"

namespace pretext {

class NtXent;  // the config, nt_xent.proto

class NtXentLoss : public Loss, private LossOfBlocks {
 public:
  // Faults: a temperature below 1e-4, fewer than two views (with a target: none that differ), a
  // prediction that is not a vector, a target of another width, scale_by_temperature without one.
  static absl::StatusOr<std::unique_ptr<Loss>> Create(const NtXent& config,
                                                      const BuildContext& context);
  explicit NtXentLoss(float temperature, bool with_target = false, float scale = 1)
      : temperature_(temperature), with_target_(with_target), scale_(scale) {}

  LossResult Compute(Tape& tape, const Prediction& prediction, const Batch& batch) override;
  bool takes_target() const override { return true; }
  int64_t least_samples() const override { return 2; }
  // Without a target.
  const LossOfBlocks* of_blocks() const override { return with_target_ ? nullptr : this; }

  // ln(R - 1): all similarities the same. With a target ln N, times the scale.
  std::optional<double> Chance(int64_t samples, int64_t views) const override;
  // Positives the same, negatives at right angles.
  std::optional<double> Floor(int64_t samples, int64_t views) const override;

 private:
  LossResult ComputeBlock(Tape& tape, const Prediction& prediction, const Batch& batch,
                          int64_t samples, BlockMember& member) const override;
  LossResult ComputeWithTarget(Tape& tape, const Prediction& prediction, const Batch& batch) const;

  const float temperature_;
  const bool with_target_;
  const float scale_;  // with a target
};

}  // namespace pretext
