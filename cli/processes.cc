#include "cli/processes.h"

#include <omp.h>
#include <sched.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "cli/boundary.h"
#include "cli/interruption.h"
#include "processes/sharing.h"
#include "processes/sockets.h"
#include "processes/start.h"

namespace pretext {
namespace {

absl::StatusOr<std::unique_ptr<Processes>> FindProcesses(int k) {
  absl::StatusOr<std::unique_ptr<SocketProcesses>> place = SocketProcesses::FromEnvironment();
  if (!place.ok()) return place.status();
  if (*place != nullptr) return *std::move(place);
  if (k <= 1) return StartedProcesses();
  if (const int launched = LaunchedProcesses(); launched > 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("--processes is for a program that is started once; this is one of ", launched,
                     " that an mpirun or srun has started: leave one of them out"));
  }
  return SocketProcesses::Start(k);
}

// A process shares the processors that it may run on with those of its machine that may run on the
// same ones (mpirun binds processes to cores or sockets), unless it was told a number.
absl::Status ShareThreads(Processes& processes) {
  if (processes.size() == 1) return absl::OkStatus();
  std::vector<cpu_set_t> sets(static_cast<size_t>(processes.size()));
  const auto own = static_cast<size_t>(processes.rank());
  if (sched_getaffinity(0, sizeof(cpu_set_t), &sets[own]) != 0)
    return absl::ErrnoToStatus(errno, "which processors there are");
  if (absl::Status status = Gather(processes, sets.data(), sizeof(cpu_set_t)); !status.ok())
    return status;
  int alike = 0;
  for (int r = 0; r < processes.size(); ++r) {
    alike += processes.host(r) == processes.host(processes.rank()) &&
             CPU_EQUAL(&sets[static_cast<size_t>(r)], &sets[own]);
  }
  if (std::getenv("OMP_NUM_THREADS") == nullptr)
    omp_set_num_threads(std::max(1, CPU_COUNT(&sets[own]) / alike));
  return absl::OkStatus();
}

// Whether this process is the one to say how the work has ended.
bool IsHeard(const Processes& processes, const absl::Status& status) {
  if (processes.rank() == 0) return true;
  // The first is not there any more, and was not told to stop either.
  return absl::IsUnavailable(status) && !IsFailureOfAnother(status) && StopExitStatus() == 0 &&
         status.message().find(processes.Name(0)) != std::string::npos;
}

}  // namespace

absl::Status RunAmongProcesses(int k, const std::function<absl::Status(Processes&)>& work) {
  absl::StatusOr<std::unique_ptr<Processes>> found = FindProcesses(k);
  if (!found.ok()) return found.status();
  Processes& processes = **found;
  if (processes.rank() > 0 && std::freopen("/dev/null", "w", stdout) == nullptr)
    return absl::ErrnoToStatus(errno, "/dev/null");
  absl::Status status = CatchExceptions([&] {
    const absl::Status shared = ShareThreads(processes);
    return shared.ok() ? work(processes) : shared;
  });
  if (status.ok() || absl::IsCancelled(status)) {
    processes.set_timeout(absl::InfiniteDuration());
    if (absl::Status ended = processes.Finish(); !ended.ok()) status = ended;
  }
  if (status.ok() || processes.size() == 1) return status;
  // Before the others end, and a launcher ends this one with them.
  std::fflush(stdout);  // what was said before comes before
  if (IsHeard(processes, status))
    std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  if (!absl::IsCancelled(status)) processes.Fail(status);
  return absl::Status(status.code(), "");
}

}  // namespace pretext
