#include "optimizers/lamb/lamb.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "kernels/reduce/dot_product.h"
#include "optimizers/lamb/lamb.pb.h"

namespace pretext {

absl::StatusOr<std::unique_ptr<Optimizer>> LambOptimizer::Create(const Lamb& config,
                                                                 const BuildContext&) {
  FieldChecker check;
  AdamOptions::Of(config).Check(check);
  check.NotNegative("max_weight_norm", config.max_weight_norm());
  if (!check.ok()) return check.status();
  return std::make_unique<LambOptimizer>(config);
}

LambOptimizer::LambOptimizer(const Lamb& config)
    : StatefulOptimizer(config.learning_rate(), {"first_moment", "second_moment"},
                        config.weight_decay()),
      adam_(AdamOptions::Of(config)),
      max_weight_norm_(config.max_weight_norm()) {
  adam_.bias_correction = config.bias_correction();
}

void LambOptimizer::Attach(std::vector<Parameter*> parameters) {
  for (const Parameter* p : parameters) directions_.push_back(p->value.Clone());
  ratios_.assign(parameters.size(), 1.0);
  StatefulOptimizer::Attach(std::move(parameters));
}

double LambOptimizer::Ratio(const Parameter& parameter, const Tensor& direction) const {
  const double decay = *weight_decay();
  const auto n = static_cast<int64_t>(parameter.value.bytes() / sizeof(float));
  const float *w = parameter.value.data(), *d = direction.data();
  // u = λ w - d
  const double ww = DotProduct(n, w, w);
  const double uu = decay * decay * ww - 2 * decay * DotProduct(n, w, d) + DotProduct(n, d, d);
  const double weight_norm = std::sqrt(ww), step_norm = std::sqrt(std::max(0.0, uu));
  // NaN is let through: the next step then shows it.
  if (weight_norm == 0 || step_norm == 0) return 1;
  const bool limited = max_weight_norm_ > 0 && weight_norm > max_weight_norm_;
  return (limited ? max_weight_norm_ : weight_norm) / step_norm;
}

void LambOptimizer::Step(int64_t step, double learning_rate, double gradient_scale) {
  // Adam's step at rate 1 from 0.
  AdamUpdate adam = adam_.UpdateAt(step, gradient_scale);
  adam.rate = 1;
  ForEachBlock([&](size_t i, int64_t begin, int64_t end) {
    Slot& slot = slots()[i];
    float* direction = directions_[i].data() + begin;
    std::fill_n(direction, end - begin, 0.0f);
    adam(end - begin, slot.parameter->gradient.data() + begin, slot.buffers[0].data() + begin,
         slot.buffers[1].data() + begin, direction);
  });
  for (size_t i = 0; i < slots().size(); ++i) {
    const Parameter& p = *slots()[i].parameter;
    if (p.has_gradient && IsDecayed(p.role)) ratios_[i] = Ratio(p, directions_[i]);
  }
  const double decay = *weight_decay();
  ForEachBlock([&](size_t i, int64_t begin, int64_t end) {
    const Parameter& p = *slots()[i].parameter;
    const double rate = learning_rate * ratios_[i];
    const auto move = static_cast<float>(rate);
    const auto keep = static_cast<float>(IsDecayed(p.role) ? 1 - rate * decay : 1.0);
    float* w = slots()[i].parameter->value.data();
    const float* direction = directions_[i].data();
#pragma omp simd
    for (int64_t e = begin; e < end; ++e) w[e] = keep * w[e] + move * direction[e];
  });
}

PRETEXT_REGISTER_OPTIMIZER(LambOptimizer, Lamb);

}  // namespace pretext
