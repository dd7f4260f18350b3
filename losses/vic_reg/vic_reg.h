// VicReg: variance, invariance and covariance regularisation (Bardes et al. 2022, equations 1 to 6,
// with the factors of the authors' code).
//
//   L = λ · 1/(N D) Σ |a - b|²                     mean over pairs of views a, b
//     + μ · 1/D Σ_d max(0, 1 - √(Var_d + 1e-4))    mean over views
//     + ν · 2/D Σ_{i≠j} Cov_ij²                    mean over views
//
// Var and Cov over the N samples of a view, divided by N - 1 (with one sample: by 1, both are 0).
// For two views this is their loss. Prediction: vector D. Two views or more.
// Gradient: to the prediction.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "core/plugin/plugin.h"

namespace pretext {

class VicReg;  // the config, vic_reg.proto

class VicRegLoss : public Loss {
 public:
  struct Weights {
    float invariance, variance, covariance;  // λ, μ, ν
  };

  // Faults: a negative weight, none above 0, fewer than two views, a prediction that is not a
  // vector.
  static absl::StatusOr<std::unique_ptr<Loss>> Create(const VicReg& config,
                                                      const BuildContext& context);
  explicit VicRegLoss(const Weights& weights) : weights_(weights) {}

  // Metrics: the three terms without their weights.
  LossResult Compute(Tape& tape, const Prediction& prediction, const Batch& batch) override;
  int64_t least_samples() const override { return 2; }

  std::optional<double> Floor(int64_t, int64_t) const override { return 0.0; }

 private:
  const Weights weights_;
};

}  // namespace pretext
