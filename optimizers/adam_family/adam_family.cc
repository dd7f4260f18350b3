#include "optimizers/adam_family/adam_family.h"

#include <cmath>

namespace pretext {

void AdamOptions::Check(FieldChecker& check) const {
  check.PositiveFloat("learning_rate", learning_rate);
  check.InHalfOpenRange("beta1", beta1, 0, 1);
  check.InHalfOpenRange("beta2", beta2, 0, 1);
  check.PositiveFloat("epsilon", epsilon);
  check.NotNegative("weight_decay", weight_decay);
}

AdamUpdate AdamOptions::UpdateAt(int64_t step, double gradient_scale) const {
  const auto t = static_cast<double>(step);
  return {.beta1 = beta1,
          .beta2 = beta2,
          .epsilon = static_cast<float>(epsilon),
          .gradient_scale = static_cast<float>(gradient_scale),
          .correction1 = bias_correction ? static_cast<float>(1 - std::pow(beta1, t)) : 1.0f,
          .correction2 = bias_correction ? static_cast<float>(1 - std::pow(beta2, t)) : 1.0f,
          .decoupled = decoupled};
}

void AdamFamily::Step(int64_t step, double learning_rate, double gradient_scale) {
  AdamUpdate plain = options_.UpdateAt(step, gradient_scale);
  plain.rate = static_cast<float>(learning_rate);
  AdamUpdate decaying = plain;
  decaying.decay = static_cast<float>(*weight_decay());
  ForEachBlock([&](size_t i, int64_t begin, int64_t end) {
    Slot& slot = slots()[i];
    Parameter& p = *slot.parameter;
    const AdamUpdate& update = options_.decay_everything || IsDecayed(p.role) ? decaying : plain;
    update(end - begin, p.gradient.data() + begin, slot.buffers[0].data() + begin,
           slot.buffers[1].data() + begin, p.value.data() + begin);
  });
}

}  // namespace pretext
