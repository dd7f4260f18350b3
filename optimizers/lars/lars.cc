#include "optimizers/lars/lars.h"

#include <algorithm>
#include <cmath>

#include "kernels/optimizer_update/optimizer_update.h"
#include "kernels/reduce/dot_product.h"
#include "optimizers/lars/lars.pb.h"

namespace pretext {

absl::StatusOr<std::unique_ptr<Optimizer>> LarsOptimizer::Create(const Lars& config,
                                                                 const BuildContext&) {
  FieldChecker check;
  check.PositiveFloat("learning_rate", config.learning_rate());
  check.InHalfOpenRange("momentum", config.momentum(), 0, 1);
  check.PositiveFloat("trust_coefficient", config.trust_coefficient());
  check.Positive("epsilon", config.epsilon());
  check.NotNegative("weight_decay", config.weight_decay());
  if (!config.has_denominator()) {
    check.Unread(config, {"epsilon"}, "it is of denominator: SUM_OF_NORMS");
  }
  if (!check.ok()) return check.status();
  return std::make_unique<LarsOptimizer>(config);
}

LarsOptimizer::LarsOptimizer(const Lars& config)
    : StatefulOptimizer(config.learning_rate(), {"momentum"}, config.weight_decay()),
      momentum_(config.momentum()),
      trust_coefficient_(config.trust_coefficient()),
      epsilon_(config.epsilon()),
      rate_inside_(config.momentum_convention() == Lars::RATE_INSIDE),
      norm_of_sum_(config.denominator() == Lars::NORM_OF_SUM),
      clip_(config.clip()) {}

double LarsOptimizer::TrustRatio(const Parameter& parameter, double learning_rate,
                                 double gradient_scale) const {
  const double decay = *weight_decay();
  const auto n = static_cast<int64_t>(parameter.value.bytes() / sizeof(float));
  const float *w = parameter.value.data(), *g = parameter.gradient.data();
  // ‖s g + λ w‖² = s² ‖g‖² + 2 s λ g·w + λ² ‖w‖²
  const double ww = DotProduct(n, w, w);
  const double gg = gradient_scale * gradient_scale * DotProduct(n, g, g);
  const double gw = gradient_scale * DotProduct(n, g, w);
  const double weight_norm = std::sqrt(ww);
  const double sum_norm = std::sqrt(std::max(0.0, gg + 2 * decay * gw + decay * decay * ww));
  // NaN is let through: the step then shows it.
  if (weight_norm == 0 || sum_norm == 0) return 1;
  const double denominator =
      norm_of_sum_ ? sum_norm : std::sqrt(gg) + decay * weight_norm + epsilon_;
  const double trust = trust_coefficient_ * weight_norm / denominator;
  return clip_ ? std::min(trust / learning_rate, 1.0) : trust;
}

void LarsOptimizer::Step(int64_t step, double learning_rate, double gradient_scale) {
  const double decay = *weight_decay();
  for (size_t i = 0; i < slots().size(); ++i) {
    const Parameter& p = *slots()[i].parameter;
    if (p.has_gradient && IsDecayed(p.role)) {
      trust_[i] = TrustRatio(p, learning_rate, gradient_scale);
    }
  }
  ForEachBlock([&](size_t i, int64_t begin, int64_t end) {
    Slot& slot = slots()[i];
    Parameter& p = *slot.parameter;
    const double trust = trust_[i];
    // What d is multiplied by before it enters the buffer, and the buffer before the step.
    const double inside = rate_inside_ ? trust * learning_rate : trust;
    const double outside = rate_inside_ ? 1.0 : learning_rate;
    SgdUpdate{.rate = static_cast<float>(outside),
              .momentum = static_cast<float>(momentum_),
              .decay = IsDecayed(p.role) ? static_cast<float>(decay * inside) : 0.0f,
              .gradient_scale = static_cast<float>(gradient_scale * inside),
              .first = step == 1}(end - begin, p.gradient.data() + begin,
                                  slot.buffers[0].data() + begin, p.value.data() + begin);
  });
}

void LarsOptimizer::Attach(std::vector<Parameter*> parameters) {
  trust_.assign(parameters.size(), 1.0);
  StatefulOptimizer::Attach(std::move(parameters));
}

PRETEXT_REGISTER_OPTIMIZER(LarsOptimizer, Lars);

}  // namespace pretext
