// SigReg: LeJEPA's loss (Balestriero and LeCun 2025, "LeJEPA: provable and scalable self-supervised
// learning without the heuristics", section 5 and algorithm 2), without a teacher, a predictor or a
// stop-gradient:
//
//   L = (1 - λ) · 1/(V N D) Σ_v Σ_n |z_vn - c_n|²    c_n the mean of sample n's target views
//     + λ · 1/(V M) Σ_v Σ_m T(z_v a_m)               all views, small ones too
//
// T is the test of Epps and Pulley (losses/sig_reg/epps_pulley.h), a_m [D] directions of length 1
// drawn anew at each step from the run's seed. It grows with N: λ is to be seen beside the batch.
// Values as those of lightly's LeJEPALoss and, where all views are target views, of the authors'
// minimal example, which draws 256 directions. Prediction: vector D, as it comes from a linear map.
// Two views or more; without named target views all are. Gradient: to the prediction.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "core/plugin/plugin.h"
#include "losses/slices/slices.h"

namespace pretext {

class SigReg;  // the config, sig_reg.proto

class SigRegLoss : public Loss {
 public:
  struct Options {
    float lambda;
    int64_t slices, knots;
    float range;
  };
  // Faults: λ outside [0, 1], no slices or too many, fewer than two knots, a range not above 0,
  // fewer than two views, a target view that the encoder is not given, a prediction that is not a
  // vector, a teacher or a predictor.
  static absl::StatusOr<std::unique_ptr<Loss>> Create(const SigReg& config,
                                                      const BuildContext& context);
  explicit SigRegLoss(const Options& options) : options_(options) {}

  void BeginStep(const RunPosition& position) override { position_ = position; }
  // Metrics: the two terms without their weights. An evaluation has the same directions always.
  LossResult Compute(Tape& tape, const Prediction& prediction, const Batch& batch) override;
  int64_t least_samples() const override { return 2; }

  std::optional<double> Floor(int64_t, int64_t) const override { return 0.0; }

 private:
  const Options options_;
  RunPosition position_ = kBeforeTheRun;
};

}  // namespace pretext
