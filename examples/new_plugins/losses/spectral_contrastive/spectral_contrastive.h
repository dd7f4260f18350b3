// SpectralContrastive: HaoChen et al. 2021, "Provable guarantees for self-supervised deep learning
// with spectral contrastive loss", equation 6.
//
//   L = -2/N Σ_i a_i · b_i + ρ/(N (N - 1)) Σ_{i≠j} (a_i · b_j)²   mean over pairs a, b
//
// With one sample the second sum is empty. Prediction: vector D. Two views or more. Gradient: to
// the prediction.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "core/plugin/plugin.h"

namespace pretext {

class SpectralContrastive;  // the config, spectral_contrastive.proto

class SpectralContrastiveLoss : public Loss {
 public:
  // Faults: a negative repulsion, fewer than two views, a prediction that is not a vector.
  static absl::StatusOr<std::unique_ptr<Loss>> Create(const SpectralContrastive& config,
                                                      const BuildContext& context);
  explicit SpectralContrastiveLoss(float repulsion) : repulsion_(repulsion) {}

  LossResult Compute(Tape& tape, const Prediction& prediction, const Batch& batch) override;
  int64_t least_samples() const override { return 2; }

 private:
  const float repulsion_;
};

}  // namespace pretext
