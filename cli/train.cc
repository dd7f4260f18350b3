#include <cstdio>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/file/file_writer.h"
#include "cli/command.h"
#include "cli/interruption.h"
#include "pipelines/assembly/assembly.h"
#include "pipelines/assembly/description.h"
#include "pipelines/run/progress.h"
#include "pipelines/run/run_directory.h"
#include "pipelines/text/load_pipeline.h"
#include "pipelines/text/pipeline.pb.h"
#include "pipelines/train/trainer.h"

ABSL_FLAG(std::string, resume, "", "the folder of a run to go on with, bit for bit");

namespace pretext {
namespace {

absl::StatusOr<TrainOutcome> Train(Assembled parts, RunDirectory run, bool resume) {
  Progress progress(stdout);
  absl::StatusOr<std::unique_ptr<Trainer>> trainer =
      Trainer::Create(std::move(parts), run, progress, SignalledStop());
  if (!trainer.ok()) return trainer.status();
  if (resume) {
    if (absl::Status status = (*trainer)->Resume(); !status.ok()) return status;
    progress.Say(
        absl::StrCat("going on at step ", (*trainer)->step(), " of ", (*trainer)->total_steps()));
  }
  StopOnSignals();
  return (*trainer)->Run();
}

absl::StatusOr<Assembled> AssembleRun(const RunDirectory& run) {
  AssemblyOptions options;
  options.run_directory = run.path();
  return AssembleFile(run.pipeline_path(), Overrides(), options);
}

absl::StatusOr<RunDirectory> NewRun(const Pipeline& config) {
  const bool named = !config.output().directory().empty();
  absl::StatusOr<RunDirectory> run = RunDirectory::Create(
      named ? config.output().directory() : absl::StrCat("runs/", config.name()), named);
  if (!run.ok()) return run.status();
  const absl::Status written =
      WriteFileAtomically(run->pipeline_path(), ResolvedText(config, kVersion));
  if (!written.ok()) return written;
  return run;
}

}  // namespace

absl::Status TrainCommand(const std::vector<std::string>& arguments) {
  const std::string resume = absl::GetFlag(FLAGS_resume);
  const size_t wanted = resume.empty() ? 1 : 0;
  if (auto status = CheckArguments("train", arguments, wanted, wanted); !status.ok()) return status;
  const absl::Time start = absl::Now();

  absl::StatusOr<RunDirectory> run = absl::UnknownError("not opened");
  absl::StatusOr<Assembled> parts = absl::UnknownError("not assembled");
  if (resume.empty()) {
    parts = AssembleFile(arguments[0], Overrides());
    if (!parts.ok()) return parts.status();
    run = NewRun(*parts->config);
  } else {
    run = RunDirectory::Open(resume);
    if (!run.ok()) return run.status();
    parts = AssembleRun(*run);
    if (!parts.ok()) return parts.status();
  }
  if (!run.ok()) return run.status();
  std::fputs(DescribePipeline(*parts).c_str(), stdout);
  std::printf("run: %s\n", run->path().c_str());

  const absl::StatusOr<TrainOutcome> outcome = Train(*std::move(parts), *run, !resume.empty());
  if (!outcome.ok()) return outcome.status();
  if (*outcome == TrainOutcome::kInterrupted) {
    return absl::CancelledError(
        absl::StrCat("ended early, by a signal: exit status ", StopExitStatus()));
  }
  std::printf("done in %s: %s\n", ClockText(absl::Now() - start).c_str(), run->path().c_str());
  return absl::OkStatus();
}

}  // namespace pretext
