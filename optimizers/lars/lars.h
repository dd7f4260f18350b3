// Lars: layer-wise adaptive rate scaling (You et al. 2017, "Large batch training
// of convolutional networks").
//
// For every weight and embedding:
//
//   d = g + λ w
//   trust = c ‖w‖ / ‖d‖                      NORM_OF_SUM
//         = c ‖w‖ / (‖g‖ + λ ‖w‖ + ε)        SUM_OF_NORMS
//         = 1                                where ‖w‖ or ‖d‖ is 0
//   trust = min(trust / η, 1)                with clip, but where a norm is 0
//   v = μ v + η trust d,   w -= v            RATE_INSIDE
//   v = μ v + trust d,     w -= η v          RATE_OUTSIDE
//
// Other roles: trust = 1 and λ = 0. They move at the full rate, which suits no loss that is a sum
// over views (SimCLR's own code) and a mean alike: NtXent here is the mean.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/plugin/plugin.h"
#include "optimizers/stateful/stateful_optimizer.h"

namespace pretext {

class Lars;  // the config, lars.proto

class LarsOptimizer : public StatefulOptimizer {
 public:
  // Faults: rates, coefficients or ε that are not above 0, a negative decay,
  // momentum outside [0, 1).
  static absl::StatusOr<std::unique_ptr<Optimizer>> Create(const Lars& config,
                                                           const BuildContext& context);
  explicit LarsOptimizer(const Lars& config);

  void Attach(std::vector<Parameter*> parameters) override;
  void Step(int64_t step, double learning_rate, double gradient_scale) override;
  // The buffer is in units of the weights or of the gradients.
  std::vector<std::string> fields_of_state() const override { return {"momentum_convention"}; }

 private:
  double TrustRatio(const Parameter& parameter, double learning_rate, double gradient_scale) const;

  double momentum_, trust_coefficient_, epsilon_;
  bool rate_inside_, norm_of_sum_, clip_;
  std::vector<double> trust_;  // of every parameter, in the step being made
};

}  // namespace pretext
