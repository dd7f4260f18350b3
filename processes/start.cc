#include "processes/start.h"

#include <cstdlib>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace pretext {
namespace {

std::optional<ProcessLauncher>& Launcher() {
  static auto* const launcher = new std::optional<ProcessLauncher>;
  return *launcher;
}

}  // namespace

bool RegisterLauncher(const ProcessLauncher& launcher) {
  Launcher() = launcher;
  return true;
}

absl::StatusOr<std::unique_ptr<Processes>> StartedProcesses() {
  if (Launcher()) return Launcher()->start();
  // Open MPI's, and what MPICH's launcher and Slurm's set.
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"}) {
    const char* const text = std::getenv(name);
    int size = 0;
    if (text == nullptr || !absl::SimpleAtoi(text, &size) || size < 2) continue;
    return absl::FailedPreconditionError(
        absl::StrCat("started as one of ", size, " processes (", name,
                     "), and this program has no MPI: each would do all of the work. Start "
                     "//:pretext_mpi so, or "
                     "on one machine: pretext train --processes ",
                     size, " PIPELINE"));
  }
  return std::make_unique<Alone>();
}

std::string DescribeLauncher() {
  return Launcher() ? Launcher()->describe() : "none: one process, or train --processes";
}

}  // namespace pretext
