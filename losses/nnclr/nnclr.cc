#include "losses/nnclr/nnclr.h"

#include <cmath>

#include "core/ops/basic.h"
#include "losses/nnclr/nnclr.pb.h"
#include "losses/queue/queue_fields.h"
#include "losses/targets/pick_out.h"

namespace pretext {

absl::StatusOr<std::unique_ptr<Loss>> NnclrLoss::Create(const Nnclr& config,
                                                        const BuildContext& context) {
  FieldChecker check;
  CheckQueueAndTarget(config, context, check);
  if (!check.ok()) return check.status();
  return std::make_unique<NnclrLoss>(config.rows(), context.input.features, config.temperature());
}

NnclrLoss::NnclrLoss(int64_t rows, int64_t features, float temperature)
    : temperature_(temperature), queue_(parameters(), "queue", rows, features) {}

LossResult NnclrLoss::Compute(Tape& tape, const Prediction& prediction, const Batch& batch) {
  const int64_t n = batch.samples;
  const Tensor z = UnitTarget(prediction);
  const Tensor nearest = queue_.Nearest(z);
  const Var neighbours = Scale(tape, tape.Constant(nearest), 1 / temperature_);
  const Var predictions = NormalizeRows(tape, prediction.value);
  const PickedOut mean =
      MeanOverPairs(tape, PairsOf(prediction, n), n, [&](const ViewPair& pair, int64_t* correct) {
        return PickOut(tape, BlockOf(tape, neighbours, pair.target, n),
                       BlockOf(tape, predictions, pair.value, n), correct);
      });
  if (tape.recording()) queue_.PutBy(z.Rows(0, n));
  return {
      .loss = mean.loss,
      .weight = static_cast<double>(prediction.value.dim(0)),
      .metrics = {{"accuracy", mean.accuracy},
                  {"neighbour_cosine", SumOfProducts(z, nearest) / static_cast<double>(z.dim(0))}}};
}

std::optional<double> NnclrLoss::Chance(int64_t samples, int64_t) const {
  return std::log(static_cast<double>(samples));
}

std::optional<double> NnclrLoss::Floor(int64_t samples, int64_t) const {
  return std::log1p(static_cast<double>(samples - 1) * std::exp(-1.0 / temperature_));
}

PRETEXT_REGISTER_LOSS(NnclrLoss, Nnclr);

}  // namespace pretext
