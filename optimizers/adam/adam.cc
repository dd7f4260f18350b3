#include "optimizers/adam/adam.h"

#include "optimizers/adam/adam.pb.h"

namespace pretext {

absl::StatusOr<std::unique_ptr<Optimizer>> AdamOptimizer::Create(const Adam& config,
                                                                 const BuildContext&) {
  AdamOptions options = AdamOptions::Of(config);
  options.decay_everything = config.decay_everything();
  FieldChecker check;
  options.Check(check);
  if (!check.ok()) return check.status();
  return std::make_unique<AdamOptimizer>(options);
}

PRETEXT_REGISTER_OPTIMIZER(AdamOptimizer, Adam);

}  // namespace pretext
