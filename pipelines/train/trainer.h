// Trainer: runs an assembled pipeline from its first step, or from a checkpoint, to its end.
//
// Each duty has its class: the update of the parameters (Updater), the lines of metrics
// (MetricsLog), checkpoints (Checkpointer), evaluations on the way (Evaluator), what the report
// shows (ReportKeeper), and what a person is told meanwhile (StepProgress). Here is the
// order of things.
//
//   Create                 all that can fail before training, and nothing on the disk
//   Begin or GoOn          the run's folder is this training's
//   Run                    to the end
//
// After a step: its line of metrics, the checkpoint, the evaluation and its line, each where it is
// due. Of several processes (train.blocks) each makes every step, and the first alone has the run's
// folder, evaluates and says what there is to say.
//
// A run that was ended between any two of them makes up for what is missing when it goes on,
// so that in the end its files are those of a run that nobody ended, but for the seconds.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pipelines/assembly/assembly.h"
#include "pipelines/run/progress.h"
#include "pipelines/run/run_directory.h"
#include "pipelines/run/run_metrics.h"
#include "pipelines/run/stop_request.h"
#include "pipelines/train/checkpointer.h"
#include "pipelines/train/evaluator.h"
#include "pipelines/train/metrics_log.h"
#include "pipelines/train/step_progress.h"
#include "pipelines/train/train_plan.h"
#include "pipelines/train/update.h"
#include "processes/processes.h"

namespace pretext {

enum class TrainOutcome { kFinished, kStopped };

class Trainer {
 public:
  // Takes the parts, loads the dataset, allocates the parameters and the optimizer's state. When
  // `stop` is made (Ctrl-C) the run writes a checkpoint after the step and stops, or stops the
  // evaluation that it is in. `version` is pretext's, `machine` what the report says of it.
  static absl::StatusOr<std::unique_ptr<Trainer>> Create(Assembled parts,
                                                         const std::string& version,
                                                         Processes& processes, Progress& progress,
                                                         StopRequest& stop,
                                                         const std::string& machine = "");

  // A new run. This and GoOn are for process 0; the others go to Run, which gives them its state.
  absl::Status Begin(RunDirectory run);

  // Goes on with a run: from its checkpoint, or from the first step where it was ended before it
  // had one. InvalidArgument when it was begun with something else, or has gone further than it is
  // to go now. What may differ is written into the run's pipeline.
  absl::Status GoOn(RunDirectory run);

  // To the end. A loss that is not finite ends it with an error that names the step and the first
  // value that was not; the last good checkpoint stays.
  absl::StatusOr<TrainOutcome> Run();

 private:
  Trainer(Assembled parts, const TrainPlan& plan, RunOrigin origin, std::string machine,
          Processes& processes, Progress& progress, StopRequest& stop);

  bool is_first() const { return processes_.rank() == 0; }
  // What the run goes on from, of process 0 to all.
  absl::Status ShareState();

  absl::Status SaveTokenizerIfAny() const;
  // RUN/encoder, of the step that the cursor stands behind.
  absl::Status WriteEncoder() const;
  // Fills the parameters with weights from elsewhere, where there are any; with `keep`, the run
  // keeps what it begins with.
  absl::Status Initialize(bool keep);
  // Cancelled when it was stopped.
  absl::Status TrainAndEvaluate();
  absl::Status Step();
  // That all processes are made of what the first is.
  absl::Status CheckOrigin();
  // What the first process does while the others wait, however long.
  absl::Status ByFirst(const std::function<absl::Status()>& act);
  absl::Status SaveCheckpoint();
  absl::Status Evaluate();
  void SayStopped(absl::string_view when);

  Assembled parts_;
  const TrainPlan plan_;
  const RunOrigin origin_;
  Processes& processes_;
  Progress& progress_;
  StopRequest& stop_;

  RunDirectory run_;
  RunMetrics metrics_;
  Cursor cursor_;
  bool evaluated_ = false;  // what is due behind the cursor
  Updater updater_;
  MetricsLog log_;
  std::optional<Checkpointer> checkpointer_;  // of run_
  ReportKeeper report_;
  Evaluator evaluator_;
  StepProgress step_progress_;
};

}  // namespace pretext
