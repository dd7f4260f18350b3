// Tico: Zhu et al. 2022, "TiCo: transformation invariance and covariance contrast for
// self-supervised visual representation learning", equation 6, a loss with memory.
//
//   C = β C' + (1 - β) 1/R Σ_r z_r z_rᵀ                      C' the step before's, no gradient
//   L = 1 - mean over pairs a, b of 1/N Σ_n a_n · b_n  +  ρ/R Σ_r z_rᵀ C z_r
//
// for the R = V·N rows z, of length 1 here; of several batches of a step the last one's C stays.
// Prediction: vector D. Two views or more. Gradient: to the prediction. Buffer: "covariance"
// [D, D], at first 0.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "core/plugin/plugin.h"

namespace pretext {

class Tico;  // the config, tico.proto

class TicoLoss : public Loss {
 public:
  // Faults: a momentum outside [0, 1), a negative weight, fewer than two views, a prediction that
  // is not a vector.
  static absl::StatusOr<std::unique_ptr<Loss>> Create(const Tico& config,
                                                      const BuildContext& context);
  TicoLoss(float momentum, float weight, int64_t features);

  void BeginStep(const RunPosition&) override { next_ = Tensor(); }
  LossResult Compute(Tape& tape, const Prediction& prediction, const Batch& batch) override;
  // What is remembered changes here, by what Compute has put by: an evaluation leaves no trace.
  void AfterStep() override;
  int64_t least_samples() const override { return 2; }

 private:
  const float momentum_, weight_;
  Buffer* const covariance_;
  Tensor next_;
};

}  // namespace pretext
