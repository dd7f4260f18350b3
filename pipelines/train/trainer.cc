#include "pipelines/train/trainer.h"

#include <omp.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/plugin/save_tokenizer.h"
#include "core/plugin/tokenizer.h"
#include "pipelines/run/report.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {

Trainer::Trainer(Assembled parts, RunDirectory run, const TrainPlan& plan, Progress& progress,
                 StopRequest& stop)
    : parts_(std::move(parts)),
      run_(std::move(run)),
      plan_(plan),
      progress_(progress),
      stop_(stop),
      updater_(parts_, plan_),
      log_(parts_, plan_, run_, progress_),
      checkpointer_(parts_, run_),
      evaluator_(parts_, plan_, log_, progress_, stop_),
      step_progress_(plan_, log_, progress_) {}

absl::StatusOr<std::unique_ptr<Trainer>> Trainer::Create(Assembled parts, RunDirectory run,
                                                         Progress& progress, StopRequest& stop) {
  const auto& train = parts.config->train();
  if (train.threads() > 0) omp_set_num_threads(train.threads());
  if (absl::Status status = parts.dataset->Load(); !status.ok()) return status;
  progress.Say(parts.dataset->Summary());
  if (const Tokenizer* tokenizer = parts.dataset->tokenizer()) {
    absl::Status status =
        SaveTokenizer(*tokenizer, absl::StrCat(run.path(), "/", tokenizer->file_name()));
    if (!status.ok()) return status;
  }
  const absl::StatusOr<TrainPlan> plan = PlanTraining(parts);
  if (!plan.ok()) return plan.status();
  return std::unique_ptr<Trainer>(
      new Trainer(std::move(parts), std::move(run), *plan, progress, stop));
}

absl::Status Trainer::Resume() {
  const absl::StatusOr<Cursor> cursor = checkpointer_.Load();
  if (!cursor.ok()) return cursor.status();
  cursor_ = *cursor;
  updater_.Seek(cursor_);
  return run_.TruncateMetrics(cursor_.step);
}

absl::Status Trainer::EvaluateNow() {
  absl::Status status = evaluator_.Evaluate(cursor_);
  if (absl::IsCancelled(status)) SayStopped(" during its evaluation, which is made up for");
  return status;
}

absl::Status Trainer::TrainAndEvaluate() {
  // A run that was ended between its last step and its evaluation.
  if (cursor_.step >= plan_.total_steps) return EvaluateNow();
  while (cursor_.step < plan_.total_steps) {
    const int64_t epoch_before = plan_.WholeEpochs(cursor_.batches);
    const auto figures = updater_.Update(cursor_, log_.IsDue(cursor_.step + 1));
    if (!figures.ok()) return figures.status();
    log_.Add(*figures);
    step_progress_.AddSeconds(figures->seconds);
    const bool last = cursor_.step == plan_.total_steps;
    const bool epoch_ended = plan_.WholeEpochs(cursor_.batches) > epoch_before;
    step_progress_.Show(cursor_, updater_.data_seconds(), epoch_ended || last);
    if (log_.IsDue(cursor_.step)) {
      if (absl::Status status = log_.WriteLine(cursor_); !status.ok()) return status;
    }
    const bool stopped = stop_.is_made();
    if (epoch_ended || last || stopped || checkpointer_.IsDue(cursor_.step)) {
      if (absl::Status status = checkpointer_.Save(cursor_); !status.ok()) return status;
    }
    if (stopped) {
      SayStopped("");
      return absl::CancelledError("was told to stop");
    }
    if (evaluator_.IsDue(cursor_, epoch_ended)) {
      if (absl::Status status = EvaluateNow(); !status.ok()) return status;
    }
  }
  return absl::OkStatus();
}

void Trainer::SayStopped(absl::string_view when) {
  progress_.Say(absl::StrCat("Stopped at step ", cursor_.step, " of ", plan_.total_steps, when,
                             "; the checkpoint is written. Go on with: pretext train --resume ",
                             run_.path()));
}

absl::StatusOr<TrainOutcome> Trainer::Run() {
  const Pipeline::Output& output = parts_.config->output();
  if (output.tensorboard()) {
    if (absl::Status status = run_.StartTensorBoard(); !status.ok()) return status;
  }
  absl::Status status = TrainAndEvaluate();
  if (absl::IsCancelled(status)) return TrainOutcome::kInterrupted;
  if (status.ok() && output.report()) status = WriteReport(run_, parts_.config->name());
  if (!status.ok()) return status;
  return TrainOutcome::kFinished;
}

}  // namespace pretext
