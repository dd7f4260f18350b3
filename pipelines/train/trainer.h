// Trainer: runs an assembled pipeline from its first step, or from a checkpoint, to its end.
//
// Each duty has its class: the update of the parameters (Updater), the lines of metrics
// (MetricsLog), checkpoints (Checkpointer), evaluations on the way (Evaluator), and what a person
// is told meanwhile (StepProgress). Here is the order of things.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pipelines/assembly/assembly.h"
#include "pipelines/run/progress.h"
#include "pipelines/run/run_directory.h"
#include "pipelines/run/stop_request.h"
#include "pipelines/train/checkpointer.h"
#include "pipelines/train/evaluator.h"
#include "pipelines/train/metrics_log.h"
#include "pipelines/train/step_progress.h"
#include "pipelines/train/train_plan.h"
#include "pipelines/train/update.h"

namespace pretext {

enum class TrainOutcome { kFinished, kInterrupted };

class Trainer {
 public:
  // Takes the parts, loads the dataset, allocates the parameters and the optimizer's state.
  // When `stop` is made (Ctrl-C) the run writes a checkpoint after the step and stops, or stops the
  // evaluation that it is in.
  static absl::StatusOr<std::unique_ptr<Trainer>> Create(Assembled parts, RunDirectory run,
                                                         Progress& progress, StopRequest& stop);

  // Goes on from RUN/checkpoint.
  absl::Status Resume();

  // To the end. A loss that is not finite ends it with an error that names the step and the first
  // value that was not; the last good checkpoint stays.
  absl::StatusOr<TrainOutcome> Run();

  int64_t total_steps() const { return plan_.total_steps; }
  int64_t step() const { return cursor_.step; }

 private:
  // Cancelled when it was stopped.
  absl::Status TrainAndEvaluate();
  absl::Status EvaluateNow();
  void SayStopped(absl::string_view when);

  Trainer(Assembled parts, RunDirectory run, const TrainPlan& plan, Progress& progress,
          StopRequest& stop);

  Assembled parts_;
  RunDirectory run_;
  const TrainPlan plan_;
  Progress& progress_;
  StopRequest& stop_;

  Cursor cursor_;
  Updater updater_;
  MetricsLog log_;
  Checkpointer checkpointer_;
  Evaluator evaluator_;
  StepProgress step_progress_;
};

}  // namespace pretext
