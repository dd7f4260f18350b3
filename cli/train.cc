#include <omp.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "cli/command.h"
#include "cli/interruption.h"
#include "cli/openmp.h"
#include "cli/processes.h"
#include "cli/system_info.h"
#include "pipelines/assembly/assembly.h"
#include "pipelines/assembly/description.h"
#include "pipelines/memory/memory_check.h"
#include "pipelines/run/progress.h"
#include "pipelines/run/run_directory.h"
#include "pipelines/text/load_pipeline.h"
#include "pipelines/text/pipeline.pb.h"
#include "pipelines/train/trainer.h"
#include "processes/sharing.h"

ABSL_FLAG(std::string, resume, "", "the folder of a run to go on with, bit for bit");
ABSL_FLAG(
    int32_t, processes, 1,
    "processes of this machine that share the training, without an MPI; over several machines "
    "start pretext_mpi with mpirun");

namespace pretext {
namespace {

constexpr int kMaxProcesses = 32;  // of one machine: each two have sockets

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

// "processes      4: 2 on host a, 2 on host b"
std::string DescribeProcesses(const Processes& processes) {
  if (processes.size() == 1) return "";
  std::vector<std::string> hosts;
  for (int r = 0; r < processes.size(); ++r) {
    const std::string& host = processes.host(r);
    if (std::find(hosts.begin(), hosts.end(), host) == hosts.end()) hosts.push_back(host);
  }
  std::string text = absl::StrCat("processes      ", processes.size(), ":");
  for (const std::string& host : hosts) {
    int count = 0;
    for (int r = 0; r < processes.size(); ++r) count += processes.host(r) == host ? 1 : 0;
    absl::StrAppend(&text, host == hosts.front() ? " " : ", ", count, " on host ", host);
  }
  return text + "\n";
}

// What the training comes to. `memory` is its line, `kernels` those of FormatKernels.
void Tell(const Assembled& parts, const std::string& memory, const Processes& processes,
          const std::string& kernels) {
  const int asked = parts.config->train().threads();
  const int count = asked > 0 ? asked : omp_get_max_threads();
  const std::string threads = count == 1 ? "threads        1\n"
                                         : absl::StrCat("threads        ", count, " threads wait ",
                                                        DescribeWaiting(), "\n");
  std::fputs(absl::StrCat(DescribePipeline(parts), memory, DescribeProcesses(processes), threads,
                          "kernels        ", kernels, "\n")
                 .c_str(),
             stdout);
}

// That all processes multiply by the same code: with another one a block has other bits, and what a
// loss learns would become another in each. FAST has given up the same bits.
absl::Status CheckKernels(const Assembled& parts, Processes& processes, const std::string& own) {
  const absl::StatusOr<std::string> first = BroadcastText(processes, own);
  if (!first.ok()) return first.status();
  if (*first == own || parts.config->train().reduction() == Pipeline::Train::FAST) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "computes by other code (", own, ") than the first process (", *first,
      "), which rounds otherwise. Take machines of one processor, choose the same code "
      "for all (ONEDNN_MAX_CPU_ISA, OPENBLAS_CORETYPE), or set train { reduction: FAST "
      "}"));
}

AssemblyOptions OptionsFor(const Processes& processes) {
  AssemblyOptions options;
  options.processes = processes.size();
  options.processes_here = processes.processes_here();
  return options;
}

// The parts of the pipeline at `path`, which the first process reads for all: a pipe is read once.
absl::StatusOr<Assembled> AssembleAmong(Processes& processes, const std::string& path,
                                        const AssemblyOptions& options) {
  absl::StatusOr<std::string> text = "";
  if (processes.rank() == 0) text = ReadPipelineText(path);
  if (text.ok()) text = BroadcastText(processes, *std::move(text));
  if (!text.ok()) return text.status();
  absl::StatusOr<Assembled> parts = Assemble(LoadPipelineText(path, *text, Overrides()), options);
  if (absl::Status well = AllWell(processes, parts.status()); !well.ok()) return well;
  return parts;
}

// A training, and where its run is.
struct Training {
  std::unique_ptr<Trainer> trainer;
  std::string path;
};

absl::StatusOr<Training> Prepare(Assembled parts, Processes& processes, Progress& progress) {
  const absl::StatusOr<std::string> memory =
      CheckAndDescribeMemory(parts, /*evaluates=*/processes.rank() == 0);
  if (absl::Status well = AllWell(processes, memory.status()); !well.ok()) return well;
  const SystemInfo system = GetSystemInfo();
  const std::string kernels = FormatKernels(system);
  Tell(parts, *memory, processes, kernels);
  if (absl::Status same = CheckKernels(parts, processes, kernels); !same.ok()) return same;
  auto trainer = Trainer::Create(std::move(parts), kVersion, processes, progress, SignalledStop(),
                                 FormatBuild(system));
  if (!trainer.ok()) return trainer.status();
  return Training{*std::move(trainer), ""};
}

// The training of a new run. Its folder is made last, by the first process.
absl::StatusOr<Training> NewTraining(const std::string& pipeline, Processes& processes,
                                     Progress& progress) {
  absl::StatusOr<Assembled> parts = AssembleAmong(processes, pipeline, OptionsFor(processes));
  if (!parts.ok()) return parts.status();
  const Place place = PlaceOf(*parts->config);
  const bool first = processes.rank() == 0;
  if (place.named && first) {
    if (absl::Status free = RunDirectory::CheckFree(place.path); !free.ok()) return free;
  }
  absl::StatusOr<Training> training = Prepare(*std::move(parts), processes, progress);
  if (!training.ok() || !first) return training;
  absl::StatusOr<RunDirectory> run = RunDirectory::Begin(place.path, place.named);
  if (!run.ok()) return run.status();
  training->path = run->path();
  progress.Say(absl::StrCat("run: ", training->path));
  if (absl::Status status = training->trainer->Begin(*std::move(run)); !status.ok()) return status;
  return training;
}

// The training of a run that is there.
absl::StatusOr<Training> OldTraining(const std::string& path, Processes& processes,
                                     Progress& progress) {
  const bool first = processes.rank() == 0;
  absl::StatusOr<RunDirectory> run =
      first ? RunDirectory::OpenToGoOn(path) : RunDirectory::Open(path);
  if (absl::Status well = AllWell(processes, run.status()); !well.ok()) return well;
  AssemblyOptions options = OptionsFor(processes);
  options.run_directory = run->path();
  absl::StatusOr<Assembled> parts = AssembleAmong(processes, run->pipeline_path(), options);
  if (!parts.ok()) return parts.status();
  progress.Say(absl::StrCat("run: ", path));
  absl::StatusOr<Training> training = Prepare(*std::move(parts), processes, progress);
  if (!training.ok() || !first) return training;
  training->path = path;
  if (absl::Status status = training->trainer->GoOn(*std::move(run)); !status.ok()) {
    return absl::Status(status.code(), absl::StrCat(path, ": ", status.message()));
  }
  return training;
}

absl::Status TrainAmong(Processes& processes, const std::string& pipeline,
                        const std::string& resume, std::string& path) {
  const absl::Time start = absl::Now();
  Progress progress(stdout);
  const absl::StatusOr<Training> training = resume.empty()
                                                ? NewTraining(pipeline, processes, progress)
                                                : OldTraining(resume, processes, progress);
  if (!training.ok()) return training.status();
  StopOnSignals(
      "Stopped during an evaluation; the checkpoint is written. Go on with: pretext train "
      "--resume, which measures anew\n");
  const absl::StatusOr<TrainOutcome> outcome = training->trainer->Run();
  if (!outcome.ok()) return outcome.status();
  if (*outcome == TrainOutcome::kStopped) {
    return absl::CancelledError(
        absl::StrCat("ended early, by a signal: exit status ", StopExitStatus()));
  }
  path = training->path;
  std::printf("done in %s: %s\n", ClockText(absl::Now() - start).c_str(), path.c_str());
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> TrainToEnd(const std::string& pipeline, const std::string& resume) {
  std::string path;
  const absl::Status status = RunAmongProcesses(
      absl::GetFlag(FLAGS_processes),
      [&](Processes& processes) { return TrainAmong(processes, pipeline, resume, path); });
  if (!status.ok()) return status;
  return path;
}

absl::Status TrainCommand(const std::vector<std::string>& arguments) {
  const std::string resume = absl::GetFlag(FLAGS_resume);
  const size_t wanted = resume.empty() ? 1 : 0;
  if (auto status = CheckArguments("train", arguments, wanted, wanted); !status.ok()) return status;
  if (const int k = absl::GetFlag(FLAGS_processes); k < 1 || k > kMaxProcesses) {
    return absl::InvalidArgumentError(
        absl::StrCat("--processes must be from 1 to ", kMaxProcesses, "; it is ", k));
  }
  return TrainToEnd(resume.empty() ? arguments[0] : "", resume).status();
}

}  // namespace pretext
