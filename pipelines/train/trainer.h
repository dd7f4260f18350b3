// Trainer: runs an assembled pipeline from its first step, or from a checkpoint, to its end.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/flow/schedule.h"
#include "core/loader/loader.h"
#include "pipelines/assembly/assembly.h"
#include "pipelines/evaluate/evaluation.h"
#include "pipelines/run/progress.h"
#include "pipelines/run/run_directory.h"
#include "pipelines/train/checkpoint.h"
#include "pipelines/train/monitor.h"
#include "pipelines/train/train_step.h"

namespace pretext {

enum class TrainOutcome { kFinished, kInterrupted };

class Trainer {
 public:
  // Takes the parts, loads the dataset, allocates the parameters and the optimizer's state.
  // `interrupted` is looked at after every step: when it becomes true (Ctrl-C) the run writes a
  // checkpoint and stops.
  static absl::StatusOr<std::unique_ptr<Trainer>> Create(Assembled parts, RunDirectory run,
                                                         Progress& progress,
                                                         const std::atomic<bool>& interrupted);

  // Goes on from RUN/checkpoint.
  absl::Status Resume();

  // To the end. A loss that is not finite ends it with an error that names the step and the first
  // value that was not; the last good checkpoint stays.
  absl::StatusOr<TrainOutcome> Run();

  int64_t total_steps() const { return total_steps_; }
  const Assembled& parts() const { return parts_; }
  int64_t step() const { return cursor_.step; }
  // The latest evaluation's figures.
  const Figures& figures() const { return figures_; }

 private:
  Trainer(Assembled parts, RunDirectory run, Progress& progress,
          const std::atomic<bool>& interrupted);

  absl::Status Prepare();
  // One update from `accumulate` batches.
  absl::Status Step();
  absl::Status Save();
  absl::Status LogStep();
  absl::Status EvaluateNow(bool last);
  absl::Status WriteReport();
  void ShowProgress(bool force);
  std::vector<Parameter*> AllParameters();

  Assembled parts_;
  RunDirectory run_;
  Progress& progress_;
  const std::atomic<bool>& interrupted_;

  std::unique_ptr<Loader> loader_;
  std::unique_ptr<TrainStep> step_;
  std::unique_ptr<Evaluation> evaluation_;
  Monitor monitor_;
  LearningRateSchedule schedule_;
  double base_learning_rate_ = 0;
  int64_t batches_per_epoch_ = 0;
  int64_t total_steps_ = 0;
  int64_t items_per_row_ = 1;  // tokens for text

  Cursor cursor_;
  Batch batch_;
  // Since the last line of metrics.
  double loss_sum_ = 0, loss_weight_ = 0;  // of all items; their number
  int64_t items_ = 0;
  double seconds_ = 0;
  double training_seconds_ = 0;  // in all
  double last_loss_ = 0, last_rate_ = 0, last_gradient_norm_ = 0, items_per_second_ = 0;
  std::vector<std::pair<std::string, double>> last_metrics_;
  std::vector<std::string> warnings_;
  Figures figures_;
};

}  // namespace pretext
