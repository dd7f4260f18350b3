// NegativeCosine: SimSiam's loss (Chen and He 2021, "Exploring simple Siamese representation
// learning", equations 1 to 4), the mean over pairs of a view v and another view t.
//
//   L = -1/(P N) Σ_{(v,t), t≠v} Σ_n cos(q_vn, k_tn)
//
// q [V·N, D] the prediction, k [V'·N, D] its target, P pairs of views of it. For two views: their
// D(p1, z2) / 2 + D(p2, z1) / 2. BYOL's loss (Grill et al. 2020, equation 2, with the symmetric
// term) is |q̄ - k̄|² = 2 - 2 cos a pair, summed over the two pairs: 4 + 4 L, the same but for a
// constant, with four times the gradient (solo-learn's is that one, lightly's is L). With an
// optimizer that sees the loss's scale (SGD, not Adam or LARS) its learning rate is to be
// multiplied by 4 here.
//
// With average_targets (FastSiam: Pototzky et al. 2022, section 3.2) the targets of a view are one:
//
//   L = -1/(V N) Σ_v Σ_n cos(q_vn, mean_{t≠v} k_tn)
//
// A vector of length 0 has the cosine 0 to every other (PyTorch's normalize). Prediction and
// target: vectors of D. Gradient: to the prediction alone.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "core/plugin/plugin.h"

namespace pretext {

class NegativeCosine;  // the config, negative_cosine.proto

class NegativeCosineLoss : public Loss {
 public:
  // Faults: no target, no two views that differ, a prediction that is not a vector.
  static absl::StatusOr<std::unique_ptr<Loss>> Create(const NegativeCosine& config,
                                                      const BuildContext& context);
  explicit NegativeCosineLoss(bool average_targets) : average_targets_(average_targets) {}

  LossResult Compute(Tape& tape, const Prediction& prediction, const Batch& batch) override;
  bool by_sample() const override { return true; }
  bool takes_target() const override { return true; }

  // Directions that have nothing to do with one another.
  std::optional<double> Chance(int64_t, int64_t) const override { return 0.0; }
  std::optional<double> Floor(int64_t, int64_t) const override { return -1.0; }

 private:
  const bool average_targets_;
};

}  // namespace pretext
