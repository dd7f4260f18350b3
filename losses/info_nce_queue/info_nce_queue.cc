#include "losses/info_nce_queue/info_nce_queue.h"

#include <cmath>
#include <set>
#include <vector>

#include "core/ops/basic.h"
#include "losses/contrastive/contrastive_loss.h"
#include "losses/info_nce_queue/info_nce_queue.pb.h"
#include "losses/queue/info_nce.h"
#include "losses/targets/targets.h"

namespace pretext {

absl::StatusOr<std::unique_ptr<Loss>> InfoNceQueueLoss::Create(const InfoNceQueue& config,
                                                               const BuildContext& context) {
  FieldChecker check;
  check.Extent("rows", config.rows());
  check.AtLeast("temperature", config.temperature(), kLeastTemperature);
  CheckTarget(context, check);
  if (!check.ok()) return check.status();
  return std::make_unique<InfoNceQueueLoss>(Options{.rows = config.rows(),
                                                    .features = context.input.features,
                                                    .temperature = config.temperature(),
                                                    .symmetric = config.symmetric()});
}

InfoNceQueueLoss::InfoNceQueueLoss(const Options& options)
    : options_(options), queue_(parameters(), "queue", options.rows, options.features) {}

LossResult InfoNceQueueLoss::Compute(Tape& tape, const Prediction& prediction, const Batch& batch) {
  const int64_t n = batch.samples;
  const Var queries = NormalizeRows(tape, prediction.value);
  const Tensor keys = UnitTarget(prediction);
  std::vector<Var> losses;
  std::set<int64_t> entering;
  int64_t found = 0;
  const std::vector<ViewPair> pairs = PairsOf(prediction, n);
  for (const ViewPair& pair : pairs) {
    if (!options_.symmetric && pair.value != pairs.front().value) break;
    int64_t correct = 0;
    losses.push_back(InfoNce(tape, BlockOf(tape, queries, pair.value, n),
                             keys.Rows(pair.target * n, (pair.target + 1) * n), queue_.rows(),
                             options_.temperature, &correct));
    found += correct;
    entering.insert(pair.target);
  }
  if (tape.recording()) {
    for (const int64_t target : entering) queue_.PutBy(keys.Rows(target * n, (target + 1) * n));
  }
  const auto compared = static_cast<double>(n) * static_cast<double>(losses.size());
  return {.loss = MeanOf(tape, losses),
          .weight = static_cast<double>(prediction.value.dim(0)),
          .metrics = {{"accuracy", static_cast<double>(found) / compared}}};
}

std::optional<double> InfoNceQueueLoss::Chance(int64_t, int64_t) const {
  return std::log1p(static_cast<double>(options_.rows));
}

std::optional<double> InfoNceQueueLoss::Floor(int64_t, int64_t) const {
  return std::log1p(static_cast<double>(options_.rows) * std::exp(-1.0 / options_.temperature));
}

PRETEXT_REGISTER_LOSS(InfoNceQueueLoss, InfoNceQueue);

}  // namespace pretext
