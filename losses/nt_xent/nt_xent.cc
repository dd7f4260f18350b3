#include "losses/nt_xent/nt_xent.h"

#include <cmath>

#include "core/ops/basic.h"
#include "losses/contrastive/contrastive_loss.h"
#include "losses/nt_xent/nt_xent.pb.h"
#include "losses/targets/pick_out.h"

namespace pretext {

absl::StatusOr<std::unique_ptr<Loss>> NtXentLoss::Create(const NtXent& config,
                                                         const BuildContext& context) {
  FieldChecker check;
  const bool with_target = !context.target.is(FlowType::Kind::kNothing);
  if (with_target) {
    check.AtLeast("temperature", config.temperature(), kLeastTemperature);
    CheckTarget(context, check);
  } else {
    CheckContrastive(context, /*least_views=*/2, config.temperature(), check);
    check.That(!config.scale_by_temperature(), "scale_by_temperature",
               "is for predictions that have a target; there is neither a teacher nor a predictor");
  }
  if (!check.ok()) return check.status();
  const float scale = config.scale_by_temperature() ? 2 * config.temperature() : 1;
  return std::make_unique<NtXentLoss>(config.temperature(), with_target, scale);
}

LossResult NtXentLoss::Compute(Tape& tape, const Prediction& prediction, const Batch& batch) {
  if (with_target_) return ComputeWithTarget(tape, prediction, batch);
  return ContrastiveLoss(tape, "nt_xent", prediction, batch, {.temperature = temperature_});
}

LossResult NtXentLoss::ComputeBlock(Tape& tape, const Prediction& prediction, const Batch& batch,
                                    int64_t samples, BlockMember& member) const {
  return ContrastiveLossOfBlock(tape, "nt_xent", prediction.value, batch, samples, member,
                                {.temperature = temperature_});
}

LossResult NtXentLoss::ComputeWithTarget(Tape& tape, const Prediction& prediction,
                                         const Batch& batch) const {
  const int64_t n = batch.samples;
  const Var queries = Scale(tape, NormalizeRows(tape, prediction.value), 1 / temperature_);
  const Var keys = tape.Constant(UnitTarget(prediction));
  const PickedOut mean =
      MeanOverPairs(tape, PairsOf(prediction, n), n, [&](const ViewPair& pair, int64_t* correct) {
        return PickOut(tape, BlockOf(tape, queries, pair.value, n),
                       BlockOf(tape, keys, pair.target, n), correct);
      });
  return {.loss = Scale(tape, mean.loss, scale_),
          .weight = static_cast<double>(prediction.value.dim(0)),
          .metrics = {{"accuracy", mean.accuracy}}};
}

std::optional<double> NtXentLoss::Chance(int64_t samples, int64_t views) const {
  if (with_target_) return scale_ * std::log(static_cast<double>(samples));
  return std::log(static_cast<double>(samples * views - 1));
}

std::optional<double> NtXentLoss::Floor(int64_t samples, int64_t views) const {
  // log((V - 1) e^(1/τ) + V (N - 1)) - 1/τ, without the overflow; with a target, of V = 1 of keys.
  if (with_target_) {
    const auto others = static_cast<double>(samples - 1);
    return scale_ * std::log1p(others * std::exp(-1.0 / temperature_));
  }
  const auto negatives = static_cast<double>(views * (samples - 1));
  return std::log(static_cast<double>(views - 1) + negatives * std::exp(-1.0 / temperature_));
}

PRETEXT_REGISTER_LOSS(NtXentLoss, NtXent);

}  // namespace pretext
