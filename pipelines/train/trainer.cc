#include "pipelines/train/trainer.h"

#include <omp.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/file/file_writer.h"
#include "base/file/folder.h"
#include "base/file/read_file.h"
#include "base/text/shell_word.h"
#include "core/plugin/save_tokenizer.h"
#include "core/plugin/tokenizer.h"
#include "pipelines/assembly/data_checks.h"
#include "pipelines/checkpoint/fingerprint.h"
#include "pipelines/encoder/describe.h"
#include "pipelines/encoder/encoder_folder.h"
#include "pipelines/initialize/initialization.h"
#include "pipelines/text/load_pipeline.h"
#include "pipelines/text/pipeline.pb.h"
#include "processes/sharing.h"

namespace pretext {
namespace {

absl::Status Load(const Assembled& parts) { return PlacedAtDataset(parts, parts.dataset->Load()); }

// The fingerprint of the data that are loaded, their faults and warnings.
absl::StatusOr<std::string> LookAt(const Assembled& parts, Progress& progress) {
  progress.Say(parts.dataset->Summary());
  std::vector<std::string> warnings;
  if (absl::Status status = CheckAgainstData(parts, &warnings); !status.ok()) return status;
  for (const std::string& warning : warnings) progress.Say(absl::StrCat("warning: ", warning));
  return Fingerprint(*parts.dataset);
}

// Loads and looks. The first process of each machine loads before the others: what it makes on the
// disk (files that are ready to be read) is there for them.
absl::StatusOr<std::string> LoadInTurn(const Assembled& parts, Processes& processes,
                                       Progress& progress) {
  const bool first = processes.rank_here() == 0;
  absl::Status well = AllWell(processes, first ? Load(parts) : absl::OkStatus());
  if (!well.ok()) return well;
  const absl::Status loaded = first ? absl::OkStatus() : Load(parts);
  absl::StatusOr<std::string> data = loaded.ok() ? LookAt(parts, progress) : loaded;
  well = AllWell(processes, data.status());
  if (!well.ok()) return well;
  return data;
}

}  // namespace

Trainer::Trainer(Assembled parts, const TrainPlan& plan, RunOrigin origin, std::string machine,
                 Processes& processes, Progress& progress, StopRequest& stop)
    : parts_(std::move(parts)),
      plan_(plan),
      origin_(std::move(origin)),
      processes_(processes),
      progress_(progress),
      stop_(stop),
      metrics_(run_),
      updater_(parts_, plan_, processes),
      log_(parts_, plan_, metrics_, progress_),
      report_(parts_, plan_, std::move(machine)),
      evaluator_(parts_, plan_, report_, progress_, stop_),
      step_progress_(plan_, log_, progress_) {}

absl::StatusOr<std::unique_ptr<Trainer>> Trainer::Create(Assembled parts,
                                                         const std::string& version,
                                                         Processes& processes, Progress& progress,
                                                         StopRequest& stop,
                                                         const std::string& machine) {
  const auto& train = parts.config->train();
  if (train.threads() > 0) omp_set_num_threads(train.threads());
  absl::StatusOr<std::string> data = LoadInTurn(parts, processes, progress);
  if (!data.ok()) return data.status();
  const TrainPlan plan = PlanTraining(parts);
  RunOrigin origin{version, *std::move(data), ResolvedText(*parts.config, version),
                   TokenizerFingerprint(*parts.dataset)};
  return std::unique_ptr<Trainer>(
      new Trainer(std::move(parts), plan, std::move(origin), machine, processes, progress, stop));
}

absl::Status Trainer::SaveTokenizerIfAny() const {
  const Tokenizer* tokenizer = parts_.dataset->tokenizer();
  if (tokenizer == nullptr) return absl::OkStatus();
  return SaveTokenizer(*tokenizer, absl::StrCat(run_.path(), "/", tokenizer->file_name()));
}

absl::Status Trainer::Initialize(bool keep) {
  if (parts_.initialization == nullptr) return absl::OkStatus();
  ParameterSet &encoder = parts_.encoder->parameters(), &head = parts_.head->parameters();
  absl::Status status = parts_.initialization->Apply("encoder", encoder);
  if (status.ok()) status = parts_.initialization->Apply("head", head);
  if (status.ok()) parts_.BeginTeacher();
  return status.ok() && keep ? Initialization::Keep(run_.path(), {&encoder, &head}) : status;
}

absl::Status Trainer::Begin(RunDirectory run) {
  run_ = std::move(run);
  checkpointer_.emplace(parts_, plan_, origin_, run_.path(), progress_);
  // With the pipeline the folder is a run, and can be gone on with: what it needs is there before.
  absl::Status status = Initialize(/*keep=*/true);
  if (status.ok()) status = WriteFileAtomically(run_.pipeline_path(), origin_.pipeline);
  if (status.ok()) status = SaveTokenizerIfAny();
  return status.ok() ? metrics_.GoOnAfter(0, parts_.config->output().tensorboard()) : status;
}

absl::Status Trainer::GoOn(RunDirectory run) {
  run_ = std::move(run);
  checkpointer_.emplace(parts_, plan_, origin_, run_.path(), progress_);
  const absl::StatusOr<std::optional<CheckpointFacts>> facts = checkpointer_->Load();
  if (!facts.ok()) return facts.status();
  if (facts->has_value()) {
    cursor_ = (*facts)->cursor;
    log_.set_since_line((*facts)->since_line);
    updater_.Seek(cursor_);
  }
  if (cursor_.step > plan_.total_steps) {
    return absl::InvalidArgumentError(
        absl::StrCat("train: ends at step ", plan_.total_steps, ", and the run is at step ",
                     cursor_.step, " already; to go on, give it more epochs or steps"));
  }
  const auto kept = metrics_.Read(cursor_.step);
  if (!kept.ok()) return kept.status();
  if (!facts->has_value() && kept->any_evaluated) {
    return absl::DataLossError(absl::StrCat(
        run_.checkpoint_path(), " is missing, though the run was evaluated, after a checkpoint"));
  }
  evaluated_ = kept->evaluated;
  const int log_every = parts_.config->train().log_every();
  if (kept->text.empty() && log_every > 0 && cursor_.step >= log_every) {
    progress_.Say(absl::StrCat(run_.metrics_path(), " has no line of the ", cursor_.step,
                               " steps that were made: figures and curves begin here"));
  }
  if (cursor_.step == plan_.total_steps && evaluated_) {
    progress_.Say(
        absl::StrCat("the run is finished: all of its ", plan_.total_steps,
                     " steps are made and evaluated, and there is nothing to go on with"));
    return absl::OkStatus();
  }
  progress_.Say(absl::StrCat("going on at step ", cursor_.step, " of ", plan_.total_steps));
  // It would be that of an earlier step; without it the latest checkpoint is used.
  if (absl::Status gone = RemoveAll(run_.encoder_path()); !gone.ok()) return gone;
  const absl::StatusOr<bool> old_page = report_.RemoveOldPage(run_);
  if (!old_page.ok()) return old_page.status();
  if (*old_page) {
    progress_.Say(absl::StrCat(run_.report_path(),
                               ", of an earlier step, is removed: output { report: false }; "
                               "pretext report writes one of what there is"));
  }
  const absl::StatusOr<std::string> pipeline = ReadFile(run_.pipeline_path());
  absl::Status status = pipeline.status();
  if (status.ok() && *pipeline != origin_.pipeline) {
    status = WriteFileAtomically(run_.pipeline_path(), origin_.pipeline);
  }
  if (status.ok() && !facts->has_value()) status = Initialize(/*keep=*/false);
  if (status.ok() && !facts->has_value()) status = SaveTokenizerIfAny();
  if (!status.ok()) return status;
  return metrics_.GoOnAfter(cursor_.step, parts_.config->output().tensorboard());
}

absl::Status Trainer::CheckOrigin() {
  for (const auto& [what, own] :
       {std::pair<const char*, std::string>{"the version of pretext", origin_.version},
        {"the data", origin_.data},
        {"the pipeline", origin_.pipeline},
        {"the tokenizer", origin_.tokenizer}}) {
    const absl::StatusOr<std::string> first = BroadcastText(processes_, own);
    if (!first.ok()) return first.status();
    if (*first == own) continue;
    return absl::FailedPreconditionError(absl::StrCat(
        what,
        " is another than the first process's: all train from the same file and the same data"));
  }
  return absl::OkStatus();
}

absl::Status Trainer::ShareState() {
  if (processes_.size() == 1) return absl::OkStatus();
  if (absl::Status same = CheckOrigin(); !same.ok()) return same;
  struct {
    Cursor cursor;
    int64_t evaluated;
  } where{cursor_, evaluated_ ? 1 : 0};
  absl::Status status = Broadcast(processes_, &where, sizeof(where));
  const auto share = [&](Tensor& tensor) {
    if (status.ok()) status = Broadcast(processes_, tensor.data(), tensor.bytes());
  };
  for (ParameterSet* set : parts_.parameter_sets()) {
    for (Parameter& parameter : set->parameters()) share(parameter.value);
    for (Buffer& buffer : set->buffers()) share(buffer.value);
  }
  for (Optimizer::State& state : parts_.optimizer->state()) share(state.value);
  if (!status.ok()) return status;
  cursor_ = where.cursor;
  evaluated_ = where.evaluated != 0;
  if (!is_first()) updater_.Seek(cursor_);
  return absl::OkStatus();
}

absl::Status Trainer::Step() {
  const auto figures = updater_.Update(cursor_, log_.IsDue(cursor_.step + 1));
  if (!figures.ok()) return figures.status();
  evaluated_ = false;
  if (!is_first()) return absl::OkStatus();
  log_.Add(*figures);
  step_progress_.AddSeconds(figures->seconds);
  const bool stays = plan_.EndsEpoch(cursor_.batches) || cursor_.step == plan_.total_steps;
  step_progress_.Show(cursor_, updater_.data_seconds(), stays);
  return log_.IsDue(cursor_.step) ? log_.WriteLine(cursor_) : absl::OkStatus();
}

absl::Status Trainer::ByFirst(const std::function<absl::Status()>& act) {
  processes_.set_timeout(absl::InfiniteDuration());
  const absl::Status status = ShareStatus(processes_, is_first() ? act() : absl::OkStatus());
  processes_.set_timeout(absl::Seconds(parts_.config->train().timeout_seconds()));
  return status;
}

absl::Status Trainer::SaveCheckpoint() {
  // The lines first: they are not written again after the checkpoint.
  const absl::Status status = metrics_.Flush();
  return status.ok() ? checkpointer_->Save(cursor_, log_.since_line()) : status;
}

absl::Status Trainer::Evaluate() {
  const absl::StatusOr<Figures> figures = evaluator_.Measure(cursor_);
  if (absl::IsCancelled(figures.status())) {
    SayStopped(" during its evaluation, which is made up for");
  }
  if (!figures.ok()) return figures.status();
  // Before the line that says that it was evaluated: what was ended between is done again.
  absl::Status status = checkpointer_->SaveIfBest(cursor_, log_.since_line(), *figures);
  if (status.ok()) status = report_.Write(run_, metrics_);
  if (status.ok()) status = log_.WriteEvaluation(cursor_, *figures);
  return status;
}

absl::Status Trainer::TrainAndEvaluate() {
  while (true) {
    if (cursor_.step > 0 && evaluator_.IsDue(cursor_) && !evaluated_) {
      const absl::Status status = ByFirst([this] { return Evaluate(); });
      if (!status.ok()) return status;
      evaluated_ = true;
    }
    if (cursor_.step == plan_.total_steps) return absl::OkStatus();
    if (absl::Status status = Step(); !status.ok()) return status;
    // A signal to one of the processes is one to all.
    const absl::StatusOr<int32_t> signal = MostOf(processes_, stop_.signal.load());
    if (!signal.ok()) return signal.status();
    const bool stopped = *signal != 0;
    if (stopped) stop_.signal.store(*signal);
    if (stopped || CheckpointIsDue(*parts_.config, plan_, cursor_)) {
      if (absl::Status status = ByFirst([this] { return SaveCheckpoint(); }); !status.ok())
        return status;
    }
    if (stopped) {
      SayStopped("");
      return absl::CancelledError("was told to stop");
    }
  }
}

void Trainer::SayStopped(absl::string_view when) {
  progress_.Say(absl::StrCat("Stopped at step ", cursor_.step, " of ", plan_.total_steps, when,
                             "; the checkpoint is written. Go on with: pretext train --resume ",
                             ShellWord(run_.path())));
}

absl::Status Trainer::WriteEncoder() const {
  absl::StatusOr<EncoderFile> file = DescribeEncoder(parts_, origin_.version, cursor_.step);
  if (!file.ok()) return file.status();
  AddLastFigures(run_.metrics_path(), *file);
  return WriteEncoderFolder(run_.encoder_path(), *file, parts_.kept_encoder().parameters(),
                            parts_.dataset->tokenizer());
}

absl::StatusOr<TrainOutcome> Trainer::Run() {
  absl::Status status = ShareState();
  if (!status.ok()) return status;
  processes_.set_timeout(absl::Seconds(parts_.config->train().timeout_seconds()));
  status = TrainAndEvaluate();
  const bool stopped = absl::IsCancelled(status);
  if (absl::IsUnavailable(status) && is_first()) {
    status = absl::UnavailableError(
        absl::StrCat(status.message(),
                     "; the last checkpoint is whole. Go on with: pretext train "
                     "--resume ",
                     ShellWord(run_.path())));
  }
  if (!is_first()) {
    if (status.ok()) return TrainOutcome::kFinished;
    if (stopped) return TrainOutcome::kStopped;
    return status;
  }
  if (status.ok()) status = metrics_.Flush();
  const bool whole = status.ok() || stopped;
  absl::Status written = whole ? WriteEncoder() : absl::OkStatus();
  // However it ended; of several errors the first counts.
  const absl::Status page = report_.WritePage(run_);
  if (written.ok()) written = page;
  if (whole) status = written;
  if (status.ok() && stopped) return TrainOutcome::kStopped;
  if (!status.ok()) return status;
  return TrainOutcome::kFinished;
}

}  // namespace pretext
