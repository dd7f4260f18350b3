#include "losses/swav/swav.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/ops/basic.h"
#include "losses/contrastive/contrastive_loss.h"
#include "losses/soft_targets/soft_targets.h"
#include "losses/swav/sinkhorn.h"
#include "losses/swav/swav.pb.h"
#include "losses/targets/targets.h"

namespace pretext {

absl::StatusOr<std::unique_ptr<Loss>> SwavLoss::Create(const Swav& config,
                                                       const BuildContext& context) {
  FieldChecker check;
  check.Extent("prototypes", config.prototypes());
  check.AtLeast("temperature", config.temperature(), kLeastTemperature);
  check.AtLeast("epsilon", config.epsilon(), kLeastTemperature);
  check.Count("sinkhorn_rounds", config.sinkhorn_rounds());
  check.InRange("queue_rows", config.queue_rows(), 0, kMaxExtent);
  check.NotNegative("queue_start_epoch", config.queue_start_epoch());
  if (!config.has_queue_rows()) check.Unread(config, {"queue_start_epoch"}, "there is no queue");
  CheckTarget(context, check, /*needed=*/false);
  if (context.target.is(FlowType::Kind::kNothing)) CheckOwnTargets(context, check);
  if (!check.ok()) return check.status();
  const auto targets = static_cast<int64_t>(context.target_views.size());
  return std::make_unique<SwavLoss>(Options{.prototypes = config.prototypes(),
                                            .features = context.input.features,
                                            .targets = targets == 0 ? context.views : targets,
                                            .temperature = config.temperature(),
                                            .epsilon = config.epsilon(),
                                            .rounds = config.sinkhorn_rounds(),
                                            .queue_rows = config.queue_rows(),
                                            .queue_start_epoch = config.queue_start_epoch()});
}

SwavLoss::SwavLoss(const Options& options)
    : options_(options),
      prototypes_(parameters().Add("prototypes", Role::kWeight,
                                   {options.prototypes, options.features},
                                   Initializer::UnitRows())) {
  if (options.queue_rows == 0) return;
  for (int64_t t = 0; t < options.targets; ++t) {
    queues_.emplace_back(parameters(), absl::StrCat("queue.", t), options.queue_rows,
                         options.features);
  }
}

void SwavLoss::BeginStep(const RunPosition& position) {
  const double epoch = static_cast<double>(position.step - 1) / position.steps_per_epoch;
  epoch_has_come_ = epoch >= options_.queue_start_epoch;
  for (EmbeddingQueue& queue : queues_) queue.Forget();
}

// Of the unit vectors of each target view [N, D], one view after another [V'·N, K].
Tensor SwavLoss::Codes(const std::vector<Tensor>& targets) const {
  Tape values(/*recording=*/false);
  std::vector<Var> codes;
  for (size_t t = 0; t < targets.size(); ++t) {
    std::vector<Var> rows = {values.Constant(targets[t])};
    if (!queues_.empty() && epoch_has_come_ && queues_[t].full())
      rows.push_back(values.Constant(queues_[t].rows()));
    const Var scores = MatMul(values, Concat(values, rows), Transpose::kNo,
                              values.Constant(prototypes_->value), Transpose::kYes);
    const Tensor all = SinkhornCodes(scores.value(), options_.epsilon, options_.rounds);
    codes.push_back(values.Constant(all.Rows(0, targets[t].dim(0))));
  }
  return Concat(values, codes).value();
}

LossResult SwavLoss::Compute(Tape& tape, const Prediction& prediction, const Batch& batch) {
  const int64_t n = batch.samples;
  const Var unit = NormalizeRows(tape, prediction.value);
  const Var scores = MatMul(tape, unit, Transpose::kNo, tape.Use(*prototypes_), Transpose::kYes);
  std::vector<Tensor> targets;
  if (prediction.target.defined()) {
    const Tensor rows = UnitTarget(prediction);
    for (int64_t t = 0; t < rows.dim(0) / n; ++t) targets.push_back(rows.Rows(t * n, (t + 1) * n));
  } else {
    for (const int64_t v : OwnTargetBlocks(prediction, n)) {
      targets.push_back(unit.value().Rows(v * n, (v + 1) * n));
    }
  }
  const Tensor codes = Codes(targets);
  if (tape.recording()) {
    for (size_t t = 0; t < queues_.size(); ++t) queues_[t].PutBy(targets[t].Clone());
  }
  return {.loss = SoftCrossEntropy(tape, scores, codes, PairsOf(prediction, n), n,
                                   options_.temperature),
          .weight = static_cast<double>(prediction.value.dim(0)),
          .metrics = {{"used_prototypes", EffectiveCount(codes)}}};
}

void SwavLoss::AfterStep() {
  for (EmbeddingQueue& queue : queues_) queue.Enter();
  // What was not moved, as long as they are frozen for a time, stays to the bit.
  if (prototypes_->frozen || !prototypes_->has_gradient) return;
  Tape values(/*recording=*/false);
  const Tensor unit = NormalizeRows(values, values.Constant(prototypes_->value)).value();
  std::copy_n(unit.data(), unit.size(), prototypes_->value.data());
}

std::string SwavLoss::Unreached(double epochs, double samples) const {
  if (options_.queue_rows == 0) return "";
  if (options_.queue_start_epoch >= epochs) {
    return absl::StrCat(
        "queue_rows: the queue is used from queue_start_epoch: ", options_.queue_start_epoch,
        " on, and the run has ", epochs, epochs == 1 ? " epoch" : " epochs");
  }
  if (options_.queue_rows < samples) return "";
  return absl::StrCat("queue_rows: the queue is used once it holds ", options_.queue_rows,
                      " rows, and the run has ", samples, " samples");
}

std::optional<double> SwavLoss::Chance(int64_t, int64_t) const {
  return std::log(static_cast<double>(options_.prototypes));
}

PRETEXT_REGISTER_LOSS(SwavLoss, Swav);

}  // namespace pretext
