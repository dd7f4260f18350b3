// What Adam and its relatives share: their options and the checks of these, two moments, the step.
//
//   coupled:   g += λ w          decoupled: w -= η λ w
//   m = β1 m + (1 - β1) g;  v = β2 v + (1 - β2) g²
//   w -= η (m / c1) / (√(v / c2) + ε),  c = 1 - β^t, or 1 without bias correction
//
// Adam is coupled, AdamW decoupled. LAMB makes its direction of the same update.
#pragma once

#include <cstdint>

#include "core/plugin/field_checker.h"
#include "kernels/optimizer_update/optimizer_update.h"
#include "optimizers/stateful/stateful_optimizer.h"

namespace pretext {

struct AdamOptions {
  double learning_rate = 0, beta1 = 0, beta2 = 0, epsilon = 0, weight_decay = 0;
  bool decay_everything = false;  // else by role: weights and embeddings
  bool bias_correction = true;
  bool decoupled = false;

  // The fields that the configs of the family have in common.
  template <class Config>
  static AdamOptions Of(const Config& config) {
    return {.learning_rate = config.learning_rate(),
            .beta1 = config.beta1(),
            .beta2 = config.beta2(),
            .epsilon = config.epsilon(),
            .weight_decay = config.weight_decay()};
  }

  // Faults: a rate or epsilon that is not above 0 as a float, a negative decay, betas outside
  // [0, 1).
  void Check(FieldChecker& check) const;

  // The update of step t, counted from 1; its rate and decay are left at 0.
  AdamUpdate UpdateAt(int64_t step, double gradient_scale) const;
};

class AdamFamily : public StatefulOptimizer {
 public:
  explicit AdamFamily(const AdamOptions& options)
      : StatefulOptimizer(options.learning_rate, {"first_moment", "second_moment"},
                          options.weight_decay),
        options_(options) {}

  void Step(int64_t step, double learning_rate, double gradient_scale) override;

 private:
  const AdamOptions options_;
};

}  // namespace pretext
