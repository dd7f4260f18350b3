#include "losses/dcl/dcl.h"

#include <cmath>

#include "losses/contrastive/contrastive_loss.h"
#include "losses/dcl/dcl.pb.h"

namespace pretext {

absl::StatusOr<std::unique_ptr<Loss>> DclLoss::Create(const Dcl& config,
                                                      const BuildContext& context) {
  FieldChecker check;
  CheckContrastive(context, /*least_views=*/2, config.temperature(), check);
  if (!check.ok()) return check.status();
  return std::make_unique<DclLoss>(config.temperature());
}

LossResult DclLoss::Compute(Tape& tape, const Prediction& prediction, const Batch& batch) {
  return ContrastiveLoss(tape, "dcl", prediction, batch,
                         {.temperature = temperature_, .decoupled = true});
}

LossResult DclLoss::ComputeBlock(Tape& tape, const Prediction& prediction, const Batch& batch,
                                 int64_t samples, BlockMember& member) const {
  return ContrastiveLossOfBlock(tape, "dcl", prediction.value, batch, samples, member,
                                {.temperature = temperature_, .decoupled = true});
}

std::optional<double> DclLoss::Chance(int64_t samples, int64_t views) const {
  if (samples < 2) return std::nullopt;
  return std::log(static_cast<double>((samples - 1) * views));
}

std::optional<double> DclLoss::Floor(int64_t samples, int64_t views) const {
  if (samples < 2) return std::nullopt;
  return std::log(static_cast<double>((samples - 1) * views)) - 1.0 / temperature_;
}

PRETEXT_REGISTER_LOSS(DclLoss, Dcl);

}  // namespace pretext
