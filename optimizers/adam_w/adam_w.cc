#include "optimizers/adam_w/adam_w.h"

#include "optimizers/adam_w/adam_w.pb.h"

namespace pretext {

absl::StatusOr<std::unique_ptr<Optimizer>> AdamWOptimizer::Create(const AdamW& config,
                                                                  const BuildContext&) {
  AdamOptions options = AdamOptions::Of(config);
  options.decay_everything = config.decay_everything();
  options.bias_correction = config.bias_correction();
  options.decoupled = true;
  FieldChecker check;
  options.Check(check);
  if (!check.ok()) return check.status();
  return std::make_unique<AdamWOptimizer>(options);
}

PRETEXT_REGISTER_OPTIMIZER(AdamWOptimizer, AdamW);

}  // namespace pretext
