// BarlowTwins: the cross-correlation of two views' features, pulled towards the identity (Zbontar
// et al. 2021, equation 1).
//
//   C = 1/N Σ_n a_n b_nᵀ
//   L = Σ_i (C_ii - 1)² + λ Σ_{i≠j} C_ij²
//
// a, b [N, D]: the views' predictions, each feature standardised over the N samples (biased
// variance + 1e-5, as the authors' BatchNorm).
//
// With more than two views the mean over pairs of views. The authors' code multiplies it by 0.024
// in some recipes; here the learning rate has to. With one sample all features standardise to 0 and
// L = D. Prediction: vector D. Two views or more. Gradient: to the prediction.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "core/plugin/plugin.h"

namespace pretext {

class BarlowTwins;  // the config, barlow_twins.proto

class BarlowTwinsLoss : public Loss {
 public:
  // Faults: a negative weight, fewer than two views, a prediction that is not a vector.
  static absl::StatusOr<std::unique_ptr<Loss>> Create(const BarlowTwins& config,
                                                      const BuildContext& context);
  explicit BarlowTwinsLoss(float off_diagonal_weight) : weight_(off_diagonal_weight) {}

  LossResult Compute(Tape& tape, const Prediction& prediction, const Batch& batch) override;
  int64_t least_samples() const override { return 2; }

  // The identity.
  std::optional<double> Floor(int64_t, int64_t) const override { return 0.0; }

 private:
  const float weight_;
};

}  // namespace pretext
