#include "pipelines/train/checkpointer.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "evaluation/figures/figures.h"
#include "pipelines/assembly/combinations.h"
#include "pipelines/checkpoint/resume_rules.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {

Checkpointer::Checkpointer(Assembled& parts, const RunOrigin& origin, const std::string& run,
                           Progress& progress)
    : parts_(parts),
      origin_(origin),
      progress_(progress),
      state_{parts.parameter_sets(), parts.optimizer.get()},
      store_(run, parts.config->checkpoints().keep()) {}

bool CheckpointIsDue(const Pipeline& config, const TrainPlan& plan, const Cursor& cursor) {
  const int64_t every = config.train().checkpoint_every_steps();
  return plan.EndsEpoch(cursor.batches) || cursor.step == plan.total_steps ||
         (every > 0 && cursor.step % every == 0);
}

absl::Status Checkpointer::Save(const Cursor& cursor, const LineSums& since_line) {
  return store_.Save({.cursor = cursor, .since_line = since_line, .origin = origin_}, state_);
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
  return store_.SaveIfBest({.cursor = cursor,
                            .since_line = since_line,
                            .origin = origin_,
                            .best = best,
                            .best_value = found->second},
                           state_, HigherIsBetter(best));
}

absl::StatusOr<std::optional<CheckpointFacts>> Checkpointer::Load() {
  return store_.Load(
      state_, [&](const CheckpointFacts& facts) { return CheckResumable(facts.origin, origin_); },
      [&](const std::string& line) { progress_.Say(line); });
}

}  // namespace pretext
