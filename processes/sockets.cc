#include "processes/sockets.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/check/check.h"

namespace pretext {
namespace {

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

}  // namespace

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
