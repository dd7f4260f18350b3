// Sgd: stochastic gradient descent with momentum (Sutskever et al. 2013).
//
//   d = g + λ w
//   v = μ v + d              at the first step v = d
//   w -= η v                 nesterov: η (d + μ v)
//
// λ by role: weights and embeddings decay, others only with decay_everything.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/plugin/plugin.h"
#include "optimizers/stateful/stateful_optimizer.h"

namespace pretext {

class Sgd;  // the config, sgd.proto

class SgdOptimizer : public StatefulOptimizer {
 public:
  // Faults: a negative or non-finite rate or decay, momentum outside [0, 1),
  // nesterov without momentum.
  static absl::StatusOr<std::unique_ptr<Optimizer>> Create(const Sgd& config,
                                                           const BuildContext& context);
  explicit SgdOptimizer(const Sgd& config);

  void Step(int64_t step, double learning_rate, double gradient_scale) override;
  // Without momentum there is no state, and with one another.
  std::vector<std::string> fields_of_state() const override {
    return momentum_ != 0 ? std::vector<std::string>{} : std::vector<std::string>{"momentum"};
  }

 private:
  double momentum_;
  bool nesterov_, decay_everything_;
};

}  // namespace pretext
