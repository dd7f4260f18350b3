// Lamb: layer-wise adaptive moments (You et al. 2020, "Large batch optimization for deep learning:
// training BERT in 76 minutes", algorithm 2).
//
//   m = β1 m + (1 - β1) g
//   v = β2 v + (1 - β2) g²
//   u = (m / c1) / (√(v / c2) + ε) + λ w     c = 1 - β^t, or 1 without bias correction
//   w -= η (min(‖w‖, limit) / ‖u‖) u         a ratio of 1 where a norm is 0
//
// By role: weights and embeddings; others take η u with λ = 0.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "core/plugin/plugin.h"
#include "optimizers/adam_family/adam_family.h"
#include "optimizers/stateful/stateful_optimizer.h"

namespace pretext {

class Lamb;  // the config, lamb.proto

class LambOptimizer : public StatefulOptimizer {
 public:
  // Faults: a rate or epsilon that is not above 0, a negative decay or limit, betas outside [0, 1).
  static absl::StatusOr<std::unique_ptr<Optimizer>> Create(const Lamb& config,
                                                           const BuildContext& context);
  explicit LambOptimizer(const Lamb& config);

  void Attach(std::vector<Parameter*> parameters) override;
  void Step(int64_t step, double learning_rate, double gradient_scale) override;

 private:
  // Of a weight, from it and Adam's part of its step.
  double Ratio(const Parameter& parameter, const Tensor& direction) const;

  AdamOptions adam_;
  double max_weight_norm_;
  std::vector<Tensor> directions_;  // by slot: -(m / c1) / (√(v / c2) + ε), of this step only
  std::vector<double> ratios_;
};

}  // namespace pretext
