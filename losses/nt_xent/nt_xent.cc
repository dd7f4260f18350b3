#include "losses/nt_xent/nt_xent.h"

#include <cmath>

#include "losses/contrastive/contrastive_loss.h"
#include "losses/nt_xent/nt_xent.pb.h"

namespace pretext {

absl::StatusOr<std::unique_ptr<Loss>> NtXentLoss::Create(const NtXent& config,
                                                         const BuildContext& context) {
  FieldChecker check;
  CheckContrastive(context, /*least_views=*/2, config.temperature(), check);
  if (!check.ok()) return check.status();
  return std::make_unique<NtXentLoss>(config.temperature());
}

LossResult NtXentLoss::Compute(Tape& tape, const Prediction& prediction, const Batch& batch) {
  return ContrastiveLoss(tape, "nt_xent", prediction.value, batch, {.temperature = temperature_});
}

std::optional<double> NtXentLoss::Chance(int64_t samples, int64_t views) const {
  return std::log(static_cast<double>(samples * views - 1));
}

std::optional<double> NtXentLoss::Floor(int64_t samples, int64_t views) const {
  // log((V - 1) e^(1/τ) + V (N - 1)) - 1/τ, without the overflow.
  const auto negatives = static_cast<double>(views * (samples - 1));
  return std::log(static_cast<double>(views - 1) + negatives * std::exp(-1.0 / temperature_));
}

PRETEXT_REGISTER_LOSS(NtXentLoss, NtXent);

}  // namespace pretext
