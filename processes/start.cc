#include "processes/start.h"

#include <cstdlib>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace pretext {
namespace {

std::optional<ProcessLauncher>& Launcher() {
  static auto* const launcher = new std::optional<ProcessLauncher>;
  return *launcher;
}

absl::Status EachWouldDoAll(int size, absl::string_view why, absl::string_view advice) {
  return absl::FailedPreconditionError(absl::StrCat("started as one of ", size, " processes, and ",
                                                    why, ": each would do all of the work. ",
                                                    advice));
}

}  // namespace

bool RegisterLauncher(const ProcessLauncher& launcher) {
  Launcher() = launcher;
  return true;
}

int LaunchedProcesses() {
  // Open MPI's, and what MPICH's launcher and Slurm's set.
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"}) {
    const char* const text = std::getenv(name);
    int size = 0;
    if (text != nullptr && absl::SimpleAtoi(text, &size) && size > 1) return size;
  }
  return 1;
}

absl::StatusOr<std::unique_ptr<Processes>> StartedProcesses() {
  if (Launcher()) return Launcher()->start();
  const int size = LaunchedProcesses();
  if (size == 1) return std::make_unique<Alone>();
  return EachWouldDoAll(
      size, "this program has no MPI",
      absl::StrCat("Start //:pretext_mpi so, or on one machine: pretext train --processes ", size,
                   " PIPELINE"));
}

absl::Status CheckStartedOnce(const std::string& command) {
  const int size = LaunchedProcesses();
  if (size == 1) return absl::OkStatus();
  return EachWouldDoAll(size, absl::StrCat(command, " is for one"),
                        "Start it once, without mpirun or srun");
}

std::string DescribeLauncher() {
  return Launcher() ? Launcher()->describe() : "none: one process, or train --processes";
}

}  // namespace pretext
