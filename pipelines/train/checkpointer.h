// When a run's checkpoints are written, and what a run goes on from.
#pragma once

#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pipelines/assembly/assembly.h"
#include "pipelines/checkpoint/checkpoint_store.h"
#include "pipelines/evaluate/evaluation.h"
#include "pipelines/run/progress.h"
#include "pipelines/train/train_plan.h"

namespace pretext {

// Whether one is due after the step that `cursor` stands behind.
bool CheckpointIsDue(const Pipeline& config, const TrainPlan& plan, const Cursor& cursor);

class Checkpointer {
 public:
  // The parts, their parameters allocated, and `progress` outlive it. `run` is a folder.
  Checkpointer(Assembled& parts, const TrainPlan& plan, const RunOrigin& origin,
               const std::string& run, Progress& progress);

  absl::Status Save(const Cursor& cursor, const LineSums& since_line);
  // Keeps the state as the best one, where one was asked for and `figures` are that.
  absl::Status SaveIfBest(const Cursor& cursor, const LineSums& since_line, const Figures& figures);

  // Parameters, running statistics and the optimizer's state as they were. Nothing when there is no
  // checkpoint. InvalidArgument when the run was begun with something else (resume_rules.h).
  absl::StatusOr<std::optional<CheckpointFacts>> Load();

 private:
  CheckpointFacts FactsAt(const Cursor& cursor, const LineSums& since_line) const;

  Assembled& parts_;
  const TrainPlan plan_;
  const RunOrigin origin_;
  Progress& progress_;
  const ModelState state_;
  CheckpointStore store_;
  bool missed_ = false;  // the best one's figure
};

}  // namespace pretext
