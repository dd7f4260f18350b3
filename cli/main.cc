// The pretext program. Plugins are what the binary is linked with: //:pretext takes all of this
// workspace's, another workspace links this library with its own.
#include <malloc.h>
#include <omp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/text/nearest.h"
#include "cli/boundary.h"
#include "cli/command.h"
#include "cli/command_line.h"
#include "cli/interruption.h"
#include "cli/openmp.h"
#include "core/tensor/memory_pool.h"
#include "kernels/gemm/openblas_buffers.h"
#include "processes/start.h"

namespace pretext {
namespace {

absl::Status Run(const std::vector<std::string>& words) {
  if (words.empty()) return absl::InvalidArgumentError("no command\n\n" + ProgramHelp());
  std::string name = words[0];
  std::vector<std::string> rest(words.begin() + 1, words.end());
  if (name == "--help" || name == "-h" || name == "help") {
    if (rest.empty()) {
      std::fputs(ProgramHelp().c_str(), stdout);
      return absl::OkStatus();
    }
    name = rest[0];
    rest = {"--help"};
  }
  if (name == "--version") name = "version";
  std::vector<std::string> names;
  for (const Command& command : Commands()) {
    names.push_back(command.name);
    if (name != command.name) continue;
    const absl::StatusOr<CommandLine> line = ParseCommandLine(command, rest);
    if (!line.ok()) return line.status();
    if (line->help) {
      std::fputs(CommandHelp(command).c_str(), stdout);
      return absl::OkStatus();
    }
    // Those of several processes answer signals themselves, once there is something to save.
    if (command.among_processes) return command.run(line->arguments);
    if (absl::Status once = CheckStartedOnce(command.name); !once.ok()) return once;
    EndOnSignals();
    return command.run(line->arguments);
  }
  if (absl::StartsWith(name, "-")) {
    return absl::InvalidArgumentError(absl::StrCat("the command comes first, its flags after it: ",
                                                   name, " is no command\n\n", ProgramHelp()));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("there is no command ", name, DidYouMean(name, names), "\n\n", ProgramHelp()));
}

// Started again by /proc/self/exe the program is called "exe", and ps, top and pkill go by that.
void TakeProgramsName(const char* path) {
  const char* const slash = std::strrchr(path, '/');
  prctl(PR_SET_NAME, slash == nullptr ? path : slash + 1);
}

// Where address space is limited, those who report that there is none are to be the ones who find
// none. OpenBLAS does not, and takes its part first (cli/address_space.cc saw that it is there);
// oneDNN writes its code to address 0, and finds what tensors have to leave. Threads share malloc's
// memory: each would set 64 MB of space apart for its own.
void ReserveInLimitedSpace() {
  constexpr size_t kForLibraries = size_t{32} << 20;
  for (const auto resource : {RLIMIT_AS, RLIMIT_DATA}) {
    rlimit limit;
    if (getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) continue;
    mallopt(M_ARENA_MAX, 1);
    ReserveOpenBlasBuffers(omp_get_max_threads() + 1);
    MemoryPool::SetHeadroom(kForLibraries);
    return;
  }
}

// What was printed and is not where it was to go is a failure too.
absl::Status FlushOutput() {
  const bool failed_before = std::ferror(stdout) != 0;
  errno = 0;
  if (std::fflush(stdout) == 0 && !failed_before) return absl::OkStatus();
  constexpr char kMessage[] = "standard output: cannot be written";
  return errno != 0 ? absl::ErrnoToStatus(errno, kMessage) : absl::DataLossError(kMessage);
}

}  // namespace
}  // namespace pretext

int main(int argc, char** argv) {
  pretext::ChooseWaiting(argv);
  pretext::TakeProgramsName(argv[0]);  // before there are threads, which take it over
  // `bazel run` starts a program in its runfiles; paths on the command line are the user's.
  if (const char* directory = std::getenv("BUILD_WORKING_DIRECTORY")) {
    if (chdir(directory) != 0) std::perror(directory);
  }
  // A pipe that nobody reads and a file beyond a limit are errors of the write, not ends.
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
  pretext::EndOnUncaughtExceptions();
  pretext::ReserveInLimitedSpace();
  const absl::Status status = pretext::CatchExceptions([&] {
    const absl::Status teams = pretext::CheckTeams();
    return teams.ok() ? pretext::Run(std::vector<std::string>(argv + 1, argv + argc)) : teams;
  });
  const absl::Status flushed = pretext::FlushOutput();
  pretext::AwaitEndOnSignals();
  for (const absl::Status& s : {status, flushed}) {
    if (!s.ok() && !s.message().empty())
      std::fprintf(stderr, "%s\n", std::string(s.message()).c_str());
  }
  if (absl::IsCancelled(status)) return pretext::StopExitStatus();
  if (absl::IsInvalidArgument(status)) return 2;
  return status.ok() && flushed.ok() ? 0 : 1;
}
