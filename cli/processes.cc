#include "cli/processes.h"

#include <omp.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "cli/boundary.h"
#include "processes/sockets.h"
#include "processes/start.h"

namespace pretext {
namespace {

absl::StatusOr<std::unique_ptr<Processes>> FindProcesses(int k) {
  absl::StatusOr<std::unique_ptr<SocketProcesses>> place = SocketProcesses::FromEnvironment();
  if (!place.ok()) return place.status();
  if (*place != nullptr) return *std::move(place);
  if (k <= 1) return StartedProcesses();
  return SocketProcesses::Start(k);
}

// A process has its share of the machine's processors, unless it is held to some of them (mpirun
// binds processes to cores) or was told a number.
void ShareThreads(const Processes& processes) {
  const int here = processes.processes_here();
  if (here == 1 || std::getenv("OMP_NUM_THREADS") != nullptr) return;
  cpu_set_t set;
  const int allowed = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
  const bool bound = allowed < sysconf(_SC_NPROCESSORS_ONLN);
  omp_set_num_threads(std::max(1, bound ? allowed : allowed / here));
}

}  // namespace

absl::Status RunAmongProcesses(int k, const std::function<absl::Status(Processes&)>& work) {
  absl::StatusOr<std::unique_ptr<Processes>> found = FindProcesses(k);
  if (!found.ok()) return found.status();
  Processes& processes = **found;
  ShareThreads(processes);
  if (processes.rank() > 0 && std::freopen("/dev/null", "w", stdout) == nullptr)
    return absl::ErrnoToStatus(errno, "/dev/null");
  absl::Status status = CatchExceptions([&] { return work(processes); });
  // A run that was stopped has told the others so.
  if (status.ok() || absl::IsCancelled(status)) {
    if (absl::Status ended = processes.Finish(); !ended.ok()) status = ended;
  }
  if (!status.ok() && !absl::IsCancelled(status)) processes.Fail(status);
  if (status.ok() || processes.rank() == 0) return status;
  // The first says it, unless it is the one that is not there any more.
  const bool heard =
      !absl::IsUnavailable(status) || status.message().find(processes.Name(0)) == std::string::npos;
  return absl::Status(status.code(), heard ? "" : status.message());
}

}  // namespace pretext
