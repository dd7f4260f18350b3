#include "optimizers/adam_w/adam_w.h"

#include <cmath>

#include "kernels/optimizer_update/optimizer_update.h"
#include "optimizers/adam_w/adam_w.pb.h"

namespace pretext {

absl::StatusOr<std::unique_ptr<Optimizer>> AdamWOptimizer::Create(const AdamW& config,
                                                                  const BuildContext&) {
  FieldChecker check;
  check.Positive("learning_rate", config.learning_rate());
  check.InHalfOpenRange("beta1", config.beta1(), 0, 1);
  check.InHalfOpenRange("beta2", config.beta2(), 0, 1);
  check.Positive("epsilon", config.epsilon());
  check.NotNegative("weight_decay", config.weight_decay());
  if (!check.ok()) return check.status();
  return std::make_unique<AdamWOptimizer>(config);
}

AdamWOptimizer::AdamWOptimizer(const AdamW& config)
    : StatefulOptimizer(config.learning_rate(), {"first_moment", "second_moment"}),
      beta1_(config.beta1()),
      beta2_(config.beta2()),
      epsilon_(config.epsilon()),
      decay_(config.weight_decay()),
      decay_everything_(config.decay_everything()),
      bias_correction_(config.bias_correction()) {}

void AdamWOptimizer::Step(int64_t step, double learning_rate, double gradient_scale) {
  const double correction1 = bias_correction_ ? 1 - std::pow(beta1_, static_cast<double>(step)) : 1;
  const double correction2 = bias_correction_ ? 1 - std::pow(beta2_, static_cast<double>(step)) : 1;
  ForEachBlock([&](size_t i, int64_t begin, int64_t end) {
    Slot& slot = slots()[i];
    Parameter& p = *slot.parameter;
    const bool decayed = decay_everything_ || IsDecayed(p.role);
    AdamUpdate{.beta1 = beta1_,
               .beta2 = beta2_,
               .rate = static_cast<float>(learning_rate),
               .epsilon = static_cast<float>(epsilon_),
               .decay = decayed ? static_cast<float>(decay_) : 0.0f,
               .gradient_scale = static_cast<float>(gradient_scale),
               .correction1 = static_cast<float>(correction1),
               .correction2 = static_cast<float>(correction2),
               .decoupled = true}(end - begin, p.gradient.data() + begin,
                                  slot.buffers[0].data() + begin, slot.buffers[1].data() + begin,
                                  p.value.data() + begin);
  });
}

PRETEXT_REGISTER_OPTIMIZER(AdamWOptimizer, AdamW);

}  // namespace pretext
