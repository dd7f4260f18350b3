#include "losses/info_nce_queue/info_nce_queue.h"

#include <cmath>
#include <set>
#include <vector>

#include "core/ops/basic.h"
#include "losses/info_nce_queue/info_nce_queue.pb.h"
#include "losses/queue/info_nce.h"
#include "losses/queue/queue_fields.h"
#include "losses/targets/pick_out.h"

namespace pretext {

absl::StatusOr<std::unique_ptr<Loss>> InfoNceQueueLoss::Create(const InfoNceQueue& config,
                                                               const BuildContext& context) {
  FieldChecker check;
  CheckQueueAndTarget(config, context, check);
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
  const auto keys_of = [&](int64_t target) { return keys.Rows(target * n, (target + 1) * n); };
  std::vector<ViewPair> pairs = PairsOf(prediction, n);
  if (!options_.symmetric) {
    std::erase_if(
        pairs, [first = pairs.front().value](const ViewPair& pair) { return pair.value != first; });
  }
  std::set<int64_t> entering;
  for (const ViewPair& pair : pairs) entering.insert(pair.target);
  const PickedOut mean = MeanOverPairs(tape, pairs, n, [&](const ViewPair& pair, int64_t* correct) {
    return InfoNce(tape, BlockOf(tape, queries, pair.value, n), keys_of(pair.target), queue_.rows(),
                   options_.temperature, correct);
  });
  if (tape.recording()) {
    for (const int64_t target : entering) queue_.PutBy(keys_of(target));
  }
  return {.loss = mean.loss,
          .weight = static_cast<double>(prediction.value.dim(0)),
          .metrics = {{"accuracy", mean.accuracy}}};
}

std::optional<double> InfoNceQueueLoss::Chance(int64_t, int64_t) const {
  return std::log1p(static_cast<double>(options_.rows));
}

std::optional<double> InfoNceQueueLoss::Floor(int64_t, int64_t) const {
  return std::log1p(static_cast<double>(options_.rows) * std::exp(-1.0 / options_.temperature));
}

PRETEXT_REGISTER_LOSS(InfoNceQueueLoss, InfoNceQueue);

}  // namespace pretext
