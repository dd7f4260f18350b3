// VisReg: VISReg's loss (Wu et al. 2026, arXiv 2606.02572, equations 1 to 8 and algorithm 1),
// without a teacher, a predictor or negatives:
//
//   L = (1 - λ) · 1/(V N D) Σ_v Σ_n |z_vn - c_n|²       c_n the mean of sample n's target views
//     + λ · [ a · mean_vd (1 - σ_vd)²                    scale: σ the standard deviation of a view
//           + b · W₂²((z_v - μ_v) / (σ_v + ε))           shape: losses/vis_reg/sorted_quantiles.h,
//                                                        along M directions, σ a constant there
//           + c · mean_vd μ_vd² ]                        center: μ the mean of a view
//
// Moments over the N samples of a view, divided by N, small views too. The directions, of length 1,
// are drawn anew at each step from the run's seed, the same for all views. Values as those of
// lightly's VISRegLoss; where a feature has one value only, σ = 0, the gradient of the scale term
// is 0 (theirs is NaN: a root without an ε). Prediction: vector D, as it comes from a linear map.
// Two views or more; without named target views all are. Gradient: to the prediction.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "core/plugin/plugin.h"
#include "losses/slices/slices.h"

namespace pretext {

class VisReg;  // the config, vis_reg.proto

class VisRegLoss : public Loss {
 public:
  struct Options {
    float lambda;
    int64_t slices;
    float scale, shape, center;  // a, b, c
    float epsilon;
  };
  // Faults: λ outside [0, 1], no slices or too many, a negative weight, no term with a weight above
  // 0, ε below 1e-8, fewer than two views, a target view that the encoder is not given, a
  // prediction that is not a vector, a teacher or a predictor.
  static absl::StatusOr<std::unique_ptr<Loss>> Create(const VisReg& config,
                                                      const BuildContext& context);
  explicit VisRegLoss(const Options& options) : options_(options) {}

  void BeginStep(const RunPosition& position) override { position_ = position; }
  // Metrics: the four terms without their weights. An evaluation has the same directions always.
  LossResult Compute(Tape& tape, const Prediction& prediction, const Batch& batch) override;
  int64_t least_samples() const override { return 2; }
  // The shape term divides by standard deviations through which no gradient goes.
  bool stops_gradient() const override { return true; }

  std::optional<double> Floor(int64_t, int64_t) const override { return 0.0; }

 private:
  const Options options_;
  RunPosition position_ = kBeforeTheRun;
};

}  // namespace pretext
