// How processes of one machine are started, and find their places.
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/file/read_file.h"
#include "processes/sockets.h"

namespace pretext {
namespace {

constexpr char kPlace[] = "PRETEXT_PROCESS";  // RANK:SOCKET,SOCKET…:SOCKET,SOCKET…, of two lines
// More than a process has open besides its sockets.
constexpr rlim_t kOtherFiles = 64;

// Files that process 0 of k has open when it starts the others: both ends of the pairs of two
// lines.
rlim_t FilesOf(int k) {
  constexpr rlim_t kLines = 2;
  return kLines * static_cast<rlim_t>(k) * static_cast<rlim_t>(k - 1) + kOtherFiles;
}

// As far as the hard limit allows; where that is not enough, Pairs finds it.
void AllowFiles(int k) {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= FilesOf(k)) return;
  limit.rlim_cur = std::min(limit.rlim_max, FilesOf(k));
  setrlimit(RLIMIT_NOFILE, &limit);
}

absl::Status NoSockets(int error, int k) {
  const std::string message = absl::StrCat("no sockets for ", k, " processes");
  if (error != EMFILE) return absl::ErrnoToStatus(error, message);
  return absl::ResourceExhaustedError(
      absl::StrCat(message,
                   ": more open files than the hard limit allows. Start fewer, or have it "
                   "raised (ulimit -Hn shows it): ulimit -n ",
                   FilesOf(k), " is wanted"));
}

// What this program was started with.
std::vector<std::string> OwnArguments() {
  const absl::StatusOr<std::string> line = ReadFile("/proc/self/cmdline");
  if (!line.ok() || line->empty()) return {"pretext"};
  // Each word ends with a zero.
  return absl::StrSplit(line->substr(0, line->size() - 1), '\0');
}

// The program anew, at a place of its own; it is told to stop where its parent dies.
[[noreturn]] void BecomeChild(const std::string& place, char** argv) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  setenv(kPlace, place.c_str(), 1);
  execv("/proc/self/exe", argv);
  _exit(127);
}

void CloseAll(const std::vector<int>& sockets) {
  for (const int socket : sockets)
    if (socket >= 0) close(socket);
}

}  // namespace

absl::StatusOr<std::vector<std::vector<int>>> SocketProcesses::Pairs(int k) {
  std::vector<std::vector<int>> sockets(static_cast<size_t>(k),
                                        std::vector<int>(static_cast<size_t>(k), -1));
  for (size_t a = 0; a < sockets.size(); ++a) {
    for (size_t b = 0; b < a; ++b) {
      int pair[2];
      if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) {
        const absl::Status status = NoSockets(errno, k);
        for (const auto& each : sockets) CloseAll(each);
        return status;
      }
      sockets[a][b] = pair[0];
      sockets[b][a] = pair[1];
    }
  }
  return sockets;
}

absl::StatusOr<std::unique_ptr<SocketProcesses>> SocketProcesses::Start(int k) {
  std::vector<std::string> words = OwnArguments();
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  AllowFiles(k);
  const absl::StatusOr<std::vector<std::vector<int>>> pairs = Pairs(k);
  if (!pairs.ok()) return pairs.status();
  const std::vector<std::vector<int>>& sockets = *pairs;
  const absl::StatusOr<std::vector<std::vector<int>>> pairs_beside = Pairs(k);
  if (!pairs_beside.ok()) {
    for (const auto& each : sockets) CloseAll(each);
    return pairs_beside.status();
  }
  const std::vector<std::vector<int>>& beside = *pairs_beside;
  std::vector<pid_t> children;
  absl::Status status;
  for (size_t r = 1; r < sockets.size() && status.ok(); ++r) {
    const std::string place =
        absl::StrCat(r, ":", absl::StrJoin(sockets[r], ","), ":", absl::StrJoin(beside[r], ","));
    const pid_t child = fork();
    if (child < 0) status = absl::ErrnoToStatus(errno, "a process cannot be started");
    if (child == 0) {
      for (size_t other = 0; other < sockets.size(); ++other) {
        if (other == r) continue;
        CloseAll(sockets[other]);
        CloseAll(beside[other]);
      }
      BecomeChild(place, argv.data());
    }
    if (child > 0) children.push_back(child);
  }
  for (size_t r = 1; r < sockets.size(); ++r) {
    CloseAll(sockets[r]);
    CloseAll(beside[r]);
  }
  // Those that were started find their sockets closed, and end.
  auto result = std::make_unique<SocketProcesses>(0, sockets[0], beside[0]);
  result->children_ = std::move(children);
  if (!status.ok()) return status;
  return result;
}

absl::StatusOr<std::unique_ptr<SocketProcesses>> SocketProcesses::FromEnvironment() {
  const char* const place = std::getenv(kPlace);
  if (place == nullptr) return nullptr;
  const std::vector<std::string> words = absl::StrSplit(place, ':');
  constexpr size_t kLines = 2;
  int rank = 0;
  std::vector<int> sockets[kLines];
  bool good = words.size() == 1 + kLines && absl::SimpleAtoi(words[0], &rank);
  for (size_t line = 0; good && line < kLines; ++line) {
    for (const auto word : absl::StrSplit(words[1 + line], ',')) {
      sockets[line].push_back(-1);
      good = good && absl::SimpleAtoi(word, &sockets[line].back());
    }
    good = good && rank > 0 && rank < static_cast<int>(sockets[line].size());
  }
  if (!good || sockets[0].size() != sockets[1].size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the environment has ", kPlace, "=", place,
                     ", which pretext train --processes sets for the processes that it starts"));
  }
  unsetenv(kPlace);
  return std::make_unique<SocketProcesses>(rank, std::move(sockets[0]), std::move(sockets[1]));
}

}  // namespace pretext
