#include <omp.h>

#include <cstdio>
#include <memory>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "cli/command.h"
#include "cli/interruption.h"
#include "cli/openmp.h"
#include "cli/system_info.h"
#include "pipelines/assembly/assembly.h"
#include "pipelines/assembly/description.h"
#include "pipelines/memory/memory_check.h"
#include "pipelines/run/progress.h"
#include "pipelines/run/run_directory.h"
#include "pipelines/text/pipeline.pb.h"
#include "pipelines/train/trainer.h"

ABSL_FLAG(std::string, resume, "", "the folder of a run to go on with, bit for bit");

namespace pretext {
namespace {

// Where a new run of the pipeline goes: a folder that the user named, or one by its name.
struct Place {
  std::string path;
  bool named;
};

Place PlaceOf(const Pipeline& config) {
  const std::string& directory = config.output().directory();
  return directory.empty() ? Place{absl::StrCat("runs/", config.name()), false}
                           : Place{directory, true};
}

// That the training fits the memory, and what it comes to.
absl::Status CheckAndTell(const Assembled& parts) {
  const absl::StatusOr<std::string> memory = CheckAndDescribeMemory(parts);
  if (!memory.ok()) return memory.status();
  const int asked = parts.config->train().threads();
  const int count = asked > 0 ? asked : omp_get_max_threads();
  const std::string threads = count == 1 ? "threads        1\n"
                                         : absl::StrCat("threads        ", count, " threads wait ",
                                                        DescribeWaiting(), "\n");
  std::fputs((DescribePipeline(parts) + *memory + threads).c_str(), stdout);
  return absl::OkStatus();
}

// The training of a new run. Its folder is made last.
absl::StatusOr<std::unique_ptr<Trainer>> NewTraining(const std::string& pipeline,
                                                     Progress& progress, std::string& path) {
  absl::StatusOr<Assembled> parts = AssembleFile(pipeline, Overrides());
  if (!parts.ok()) return parts.status();
  const Place place = PlaceOf(*parts->config);
  if (place.named) {
    if (absl::Status free = RunDirectory::CheckFree(place.path); !free.ok()) return free;
  }
  if (absl::Status told = CheckAndTell(*parts); !told.ok()) return told;
  auto trainer = Trainer::Create(*std::move(parts), kVersion, progress, SignalledStop(),
                                 FormatBuild(GetSystemInfo()));
  if (!trainer.ok()) return trainer.status();
  absl::StatusOr<RunDirectory> run = RunDirectory::Begin(place.path, place.named);
  if (!run.ok()) return run.status();
  path = run->path();
  progress.Say(absl::StrCat("run: ", path));
  if (absl::Status status = (*trainer)->Begin(*std::move(run)); !status.ok()) return status;
  return trainer;
}

// The training of a run that is there.
absl::StatusOr<std::unique_ptr<Trainer>> OldTraining(const std::string& path, Progress& progress) {
  absl::StatusOr<RunDirectory> run = RunDirectory::OpenToGoOn(path);
  if (!run.ok()) return run.status();
  AssemblyOptions options;
  options.run_directory = run->path();
  absl::StatusOr<Assembled> parts = AssembleFile(run->pipeline_path(), Overrides(), options);
  if (!parts.ok()) return parts.status();
  if (absl::Status told = CheckAndTell(*parts); !told.ok()) return told;
  progress.Say(absl::StrCat("run: ", path));
  auto trainer = Trainer::Create(*std::move(parts), kVersion, progress, SignalledStop(),
                                 FormatBuild(GetSystemInfo()));
  if (!trainer.ok()) return trainer.status();
  if (absl::Status status = (*trainer)->GoOn(*std::move(run)); !status.ok()) {
    return absl::Status(status.code(), absl::StrCat(path, ": ", status.message()));
  }
  return trainer;
}

}  // namespace

absl::StatusOr<std::string> TrainToEnd(const std::string& pipeline, const std::string& resume) {
  const absl::Time start = absl::Now();
  Progress progress(stdout);
  std::string path = resume;
  const absl::StatusOr<std::unique_ptr<Trainer>> trainer =
      resume.empty() ? NewTraining(pipeline, progress, path) : OldTraining(resume, progress);
  if (!trainer.ok()) return trainer.status();
  StopOnSignals();
  const absl::StatusOr<TrainOutcome> outcome = (*trainer)->Run();
  if (!outcome.ok()) return outcome.status();
  if (*outcome == TrainOutcome::kStopped) {
    return absl::CancelledError(
        absl::StrCat("ended early, by a signal: exit status ", StopExitStatus()));
  }
  std::printf("done in %s: %s\n", ClockText(absl::Now() - start).c_str(), path.c_str());
  return path;
}

absl::Status TrainCommand(const std::vector<std::string>& arguments) {
  const std::string resume = absl::GetFlag(FLAGS_resume);
  const size_t wanted = resume.empty() ? 1 : 0;
  if (auto status = CheckArguments("train", arguments, wanted, wanted); !status.ok()) return status;
  return TrainToEnd(resume.empty() ? arguments[0] : "", resume).status();
}

}  // namespace pretext
