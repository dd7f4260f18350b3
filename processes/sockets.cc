#include "processes/sockets.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "base/check/check.h"
#include "base/file/read_file.h"

namespace pretext {
namespace {

constexpr char kPlace[] = "PRETEXT_PROCESS";  // RANK:SOCKET,SOCKET…:SOCKET,SOCKET…, of two lines
// Of the header of a failure: that it is one, its code, and the length of the text of why.
constexpr uint64_t kFailed = uint64_t{1} << 63;
constexpr int kCodeShift = 48;
constexpr uint64_t kLengthMask = (uint64_t{1} << kCodeShift) - 1;
constexpr size_t kMostOfFailure = size_t{1} << 16;  // bytes of its text; the rest is left out
constexpr size_t kReadOver = size_t{1} << 16;       // at a time, of what nobody wants
// How long a loss waits for a word that would explain it.
constexpr absl::Duration kLastWords = absl::Seconds(1);
// How long who waits does not look whether it is to wait on.
constexpr int kMostMilliseconds = 100;
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

SocketProcesses::SocketProcesses(int rank, std::vector<int> sockets, std::vector<int> beside)
    : SocketProcesses(rank, std::move(sockets)) {
  beside_.reset(new SocketProcesses(rank, std::move(beside)));
}

SocketProcesses::SocketProcesses(int rank, std::vector<int> sockets)
    : rank_(rank), host_(HostName()), peers_(sockets.size()) {
  for (size_t r = 0; r < sockets.size(); ++r) {
    peers_[r].socket = sockets[r];
    if (sockets[r] < 0) continue;
    int on = 1;
    ioctl(sockets[r], FIONBIO, &on);
    ioctl(sockets[r], FIOCLEX);
  }
}

SocketProcesses::~SocketProcesses() {
  for (const Peer& peer : peers_)
    if (peer.socket >= 0) close(peer.socket);
  // Those of a group that failed end by themselves, but for one that does nothing any more.
  const absl::Time end = failed_.ok() ? absl::InfiniteFuture() : absl::Now() + kLastWords;
  for (const pid_t child : children_) {
    while (waitpid(child, nullptr, failed_.ok() ? 0 : WNOHANG) == 0) {
      if (absl::Now() > end) kill(child, SIGKILL);
      absl::SleepFor(absl::Milliseconds(10));
    }
  }
}

absl::Status SocketProcesses::Send(int rank, Peer& peer) {
  while (peer.sent < peer.out.size()) {
    Transfer& transfer = peer.out[peer.sent];
    const size_t head = sizeof(transfer.header);
    const bool in_head = transfer.done < head;
    const char* const from = in_head
                                 ? reinterpret_cast<const char*>(&transfer.header) + transfer.done
                                 : transfer.data + (transfer.done - head);
    const size_t left = in_head ? head - transfer.done : head + transfer.bytes - transfer.done;
    const ssize_t count = left == 0 ? 0 : send(peer.socket, from, left, MSG_NOSIGNAL);
    if (count < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) return absl::OkStatus();
      return Lost(rank);
    }
    transfer.done += static_cast<size_t>(count);
    peer.heard = absl::Now();
    if (transfer.is_done()) ++peer.sent;
  }
  return absl::OkStatus();
}

SocketProcesses::Heard SocketProcesses::TakeFailure(int rank, Peer& peer, uint64_t header) {
  const auto code = static_cast<absl::StatusCode>((header & ~kFailed) >> kCodeShift);
  const size_t bytes = header & kLengthMask;
  if (bytes > kMostOfFailure) {
    failed_ = absl::InternalError(absl::StrCat(Name(rank), " sent a failure of ", bytes,
                                               " bytes, and none has more than ", kMostOfFailure,
                                               ": the connection to it is damaged"));
    return Heard::kFailure;
  }
  std::string text(bytes, '\0');
  size_t done = 0;
  while (done < bytes) {
    const ssize_t count = recv(peer.socket, text.data() + done, bytes - done, 0);
    if (count > 0) done += static_cast<size_t>(count);
    if (count == 0) break;
    if (count < 0 && errno != EINTR) {
      pollfd waits{peer.socket, POLLIN, 0};
      if (poll(&waits, 1, 1000) <= 0) break;
    }
  }
  failed_ = FailureOf(*this, rank, code, text.substr(0, done));
  return Heard::kFailure;
}

absl::Status SocketProcesses::Lost(int rank) {
  // What it has said before it ended counts before what others say; one that has heard of another's
  // failure ends too, and may be gone before that is heard here.
  const absl::Time end = absl::Now() + kLastWords;
  for (bool wait = true; wait && absl::Now() < end;) {
    wait = false;
    for (int i = 0; i < size(); ++i) {
      const int r = (rank + i) % size();
      Peer& peer = peers_[static_cast<size_t>(r)];
      if (peer.socket < 0) continue;
      const Heard heard = Take(r, peer, /*to_the_last=*/true);
      if (heard == Heard::kFailure) return failed_;
      wait = wait || heard == Heard::kNoMore;
    }
    if (wait) absl::SleepFor(absl::Milliseconds(10));
  }
  return failed_ = LossOf(*this, rank);
}

SocketProcesses::Heard SocketProcesses::Take(int rank, Peer& peer, bool to_the_last) {
  while (true) {
    // The header of a failure may come where nothing is due.
    Transfer surprise;
    const bool due = peer.taken < peer.in.size();
    Transfer& transfer = due ? peer.in[peer.taken] : surprise;
    const size_t head = sizeof(transfer.header);
    const bool in_head = transfer.done < head;
    const bool read_over = transfer.data == nullptr;
    char* const to = in_head     ? reinterpret_cast<char*>(&transfer.header) + transfer.done
                     : read_over ? peer.unwanted.data()
                                 : transfer.data + (transfer.done - head);
    size_t left = in_head ? head - transfer.done : head + transfer.bytes - transfer.done;
    if (!in_head && read_over) left = std::min(left, peer.unwanted.size());
    // What is not due is only looked at: it may be the next exchange's.
    const ssize_t count = recv(peer.socket, to, left, due ? 0 : MSG_PEEK);
    if (count < 0) {
      if (errno == EINTR) continue;
      return errno == EAGAIN || errno == EWOULDBLOCK ? Heard::kNoMore : Heard::kEnd;
    }
    if (count == 0) return Heard::kEnd;
    if (!due) {
      if (count < static_cast<ssize_t>(head)) return Heard::kNoMore;
      if ((surprise.header & kFailed) != 0) {
        (void)!recv(peer.socket, to, head, 0);
        return TakeFailure(rank, peer, surprise.header);
      }
      if (!to_the_last) return Heard::kNoMore;
      peer.unwanted.resize(kReadOver);
      peer.in.push_back({.data = nullptr, .bytes = surprise.header});
      continue;
    }
    transfer.done += static_cast<size_t>(count);
    peer.heard = absl::Now();
    if (in_head && transfer.done == head) {
      if ((transfer.header & kFailed) != 0) return TakeFailure(rank, peer, transfer.header);
      if (transfer.header != transfer.bytes) {
        failed_ = absl::InternalError(absl::StrCat(Name(rank), " sent ", transfer.header,
                                                   " bytes where ", transfer.bytes,
                                                   " are due: it is elsewhere in its work"));
        return Heard::kFailure;
      }
    }
    if (transfer.is_done()) {
      ++peer.taken;
      if (peer.taken == peer.in.size() && !to_the_last) return Heard::kNoMore;
    }
  }
}

void SocketProcesses::set_timeout(absl::Duration timeout) {
  timeout_ = timeout;
  if (beside_ != nullptr) beside_->set_timeout(timeout);
}

absl::Status SocketProcesses::Poll() {
  if (cancelled_) return failed_ = absl::CancelledError("waits no more");
  std::vector<pollfd> waits;
  std::vector<int> ranks;
  absl::Time first = absl::InfiniteFuture();  // to be silent for too long
  int silent = -1;
  for (int r = 0; r < size(); ++r) {
    Peer& peer = peers_[static_cast<size_t>(r)];
    if (peer.socket < 0) continue;
    short events = POLLIN;
    if (peer.sent < peer.out.size()) events |= POLLOUT;
    waits.push_back({peer.socket, events, 0});
    ranks.push_back(r);
    if (peer.waits() && peer.heard + timeout_ < first) {
      first = peer.heard + timeout_;
      silent = r;
    }
  }
  const absl::Duration left = first - absl::Now();
  if (left <= absl::ZeroDuration()) return failed_ = SilenceOf(*this, silent, timeout_);
  const int milliseconds = static_cast<int>(
      std::min<int64_t>(kMostMilliseconds, std::max<int64_t>(1, absl::ToInt64Milliseconds(left))));
  if (poll(waits.data(), waits.size(), milliseconds) < 0 && errno != EINTR)
    return failed_ = absl::ErrnoToStatus(errno, "sockets between processes");
  for (size_t i = 0; i < waits.size(); ++i) {
    Peer& peer = peers_[static_cast<size_t>(ranks[i])];
    if ((waits[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
      const Heard heard = Take(ranks[i], peer);
      if (heard == Heard::kFailure) return failed_;
      if (heard == Heard::kEnd) {
        if (peer.waits()) return Lost(ranks[i]);
        // It may be ahead and have ended well.
        close(std::exchange(peer.socket, -1));
        continue;
      }
    }
    if ((waits[i].revents & POLLOUT) != 0) {
      if (absl::Status status = Send(ranks[i], peer); !status.ok()) return failed_ = status;
    }
  }
  return absl::OkStatus();
}

absl::Status SocketProcesses::Exchange(const std::vector<Message>& out,
                                       const std::vector<Message>& in) {
  if (!failed_.ok()) return failed_;
  const absl::Time now = absl::Now();
  for (Peer& peer : peers_) {
    peer.out.clear();
    peer.in.clear();
    peer.sent = peer.taken = 0;
    peer.heard = now;
  }
  const auto add = [&](const Message& message, std::vector<Transfer> Peer::*list) {
    PRETEXT_CHECK(message.peer != rank_ && message.peer < size(), "a message to another process");
    (peers_[static_cast<size_t>(message.peer)].*list)
        .push_back({.header = list == &Peer::out ? message.bytes : 0,
                    .data = static_cast<char*>(message.data),
                    .bytes = message.bytes});
  };
  for (const Message& message : out) add(message, &Peer::out);
  for (const Message& message : in) add(message, &Peer::in);
  for (int r = 0; r < size(); ++r) {
    Peer& peer = peers_[static_cast<size_t>(r)];
    if (peer.waits() && peer.socket < 0) return Lost(r);
    if (peer.sent == peer.out.size()) continue;
    if (absl::Status status = Send(r, peer); !status.ok()) return failed_ = status;
  }
  while (std::any_of(peers_.begin(), peers_.end(), [](const Peer& peer) { return peer.waits(); })) {
    if (absl::Status status = Poll(); !status.ok()) return status;
  }
  return absl::OkStatus();
}

void SocketProcesses::Fail(const absl::Status& status) {
  if (beside_ != nullptr) beside_->Fail(status);
  // Those who have told this one know.
  // Whoever has told this one, on either line, has told all.
  if (IsFailureOfAnother(failed_)) return;
  failed_ = status;
  if (IsFailureOfAnother(status)) return;
  const std::string text(status.message().substr(0, kMostOfFailure));
  const uint64_t header =
      kFailed | static_cast<uint64_t>(status.code()) << kCodeShift | text.size();
  std::string message(reinterpret_cast<const char*>(&header), sizeof(header));
  message += text;
  for (const Peer& peer : peers_) {
    // In the middle of a message there is no room for another: it will find this one gone.
    const bool between = peer.sent == peer.out.size() || peer.out[peer.sent].done == 0;
    if (peer.socket >= 0 && between)
      (void)!send(peer.socket, message.data(), message.size(), MSG_NOSIGNAL);
  }
}

}  // namespace pretext
