// The processes that this program was started as. An MPI is linked in where it is wanted
// (processes/mpi, alwayslink), and says so here; without one a program is alone.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "processes/processes.h"

namespace pretext {

// What finds the processes that an mpirun has started, Alone where there is but one.
struct ProcessLauncher {
  absl::StatusOr<std::unique_ptr<Processes>> (*start)();
  std::string (*describe)();  // the library and its version
};
bool RegisterLauncher(const ProcessLauncher& launcher);

// FailedPrecondition where an mpirun has started several of a program without MPI: each would do
// all of the work.
absl::StatusOr<std::unique_ptr<Processes>> StartedProcesses();

// FailedPrecondition where a launcher has started several processes for `command`, which is the
// work of one.
absl::Status CheckStartedOnce(const std::string& command);

// As how many processes the launcher of an MPI, or Slurm's, says that this program was started; 1
// where none does.
int LaunchedProcesses();

// For `pretext version`: "none, one process alone or train --processes", or the MPI's own words.
std::string DescribeLauncher();

}  // namespace pretext
