#include "optimizers/sgd/sgd.h"

#include "kernels/optimizer_update/optimizer_update.h"
#include "optimizers/sgd/sgd.pb.h"

namespace pretext {

absl::StatusOr<std::unique_ptr<Optimizer>> SgdOptimizer::Create(const Sgd& config,
                                                                const BuildContext&) {
  FieldChecker check;
  check.PositiveFloat("learning_rate", config.learning_rate());
  check.InHalfOpenRange("momentum", config.momentum(), 0, 1);
  check.NotNegative("weight_decay", config.weight_decay());
  check.That(!config.nesterov() || config.momentum() != 0, "nesterov", "needs a momentum above 0");
  if (!check.ok()) return check.status();
  return std::make_unique<SgdOptimizer>(config);
}

SgdOptimizer::SgdOptimizer(const Sgd& config)
    : StatefulOptimizer(config.learning_rate(),
                        config.momentum() != 0 ? std::vector<std::string>{"momentum"}
                                               : std::vector<std::string>{},
                        config.weight_decay()),
      momentum_(config.momentum()),
      nesterov_(config.nesterov()),
      decay_everything_(config.decay_everything()) {}

void SgdOptimizer::Step(int64_t step, double learning_rate, double gradient_scale) {
  const double decay = *weight_decay();
  ForEachBlock([&](size_t i, int64_t begin, int64_t end) {
    Slot& slot = slots()[i];
    Parameter& p = *slot.parameter;
    const bool decayed = decay_everything_ || IsDecayed(p.role);
    SgdUpdate{.rate = static_cast<float>(learning_rate),
              .momentum = static_cast<float>(momentum_),
              .decay = decayed ? static_cast<float>(decay) : 0.0f,
              .gradient_scale = static_cast<float>(gradient_scale),
              .nesterov = nesterov_,
              .first = step == 1}(end - begin, p.gradient.data() + begin,
                                  momentum_ != 0 ? slot.buffers[0].data() + begin : nullptr,
                                  p.value.data() + begin);
  });
}

PRETEXT_REGISTER_OPTIMIZER(SgdOptimizer, Sgd);

}  // namespace pretext
