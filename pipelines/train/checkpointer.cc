#include "pipelines/train/checkpointer.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "evaluation/figures/figures.h"
#include "pipelines/assembly/combinations.h"
#include "pipelines/checkpoint/resume_rules.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {

Checkpointer::Checkpointer(Assembled& parts, const TrainPlan& plan, const RunOrigin& origin,
                           const std::string& run, Progress& progress)
    : parts_(parts),
      plan_(plan),
      origin_(origin),
      progress_(progress),
      state_{parts.parameter_sets(), parts.optimizer.get()},
      store_(run, parts.config->checkpoints().keep(), [&parts, plan](const Cursor& cursor) {
        return CheckpointIsDue(*parts.config, plan, cursor);
      }) {}

bool CheckpointIsDue(const Pipeline& config, const TrainPlan& plan, const Cursor& cursor) {
  const int64_t every = config.train().checkpoint_every_steps();
  return plan.EndsEpoch(cursor.batches) || cursor.step == plan.total_steps ||
         (every > 0 && cursor.step % every == 0);
}

CheckpointFacts Checkpointer::FactsAt(const Cursor& cursor, const LineSums& since_line) const {
  return {.cursor = cursor,
          .since_line = since_line,
          .origin = origin_,
          .total_steps = plan_.total_steps,
          .steps_per_epoch = plan_.StepsPerEpoch()};
}

absl::Status Checkpointer::Save(const Cursor& cursor, const LineSums& since_line) {
  return store_.Save(FactsAt(cursor, since_line), state_);
}

absl::Status Checkpointer::SaveIfBest(const Cursor& cursor, const LineSums& since_line,
                                      const Figures& figures) {
  if (parts_.config->checkpoints().best().empty()) return absl::OkStatus();
  const absl::StatusOr<std::string> chosen =
      FigureToChooseBy(parts_.config->checkpoints().best(), FactsOfEvaluation(parts_));
  if (!chosen.ok()) return chosen.status();
  const std::string& best = *chosen;
  const auto& values = figures.values;
  const auto found = std::find_if(values.begin(), values.end(),
                                  [&](const auto& figure) { return figure.first == best; });
  if (found == values.end()) {
    if (!missed_) {
      const auto name = [](std::string* out, const auto& figure) { out->append(figure.first); };
      progress_.Say(absl::StrCat("warning: no best checkpoint is kept: the evaluation has no ",
                                 best, "; it has: ", absl::StrJoin(values, ", ", name)));
    }
    missed_ = true;
    return absl::OkStatus();
  }
  CheckpointFacts facts = FactsAt(cursor, since_line);
  facts.best = best;
  facts.best_value = found->second;
  return store_.SaveIfBest(facts, state_, HigherIsBetter(best));
}

absl::StatusOr<std::optional<CheckpointFacts>> Checkpointer::Load() {
  return store_.Load(
      state_, [&](const CheckpointFacts& facts) { return CheckResumable(facts.origin, origin_); },
      [&](const std::string& line) { progress_.Say(line); });
}

}  // namespace pretext
