// Processes of one machine, over a pair of sockets for each two of them: no MPI is needed.
//
// Process 0 starts the others, as the program that it is itself, with the same arguments.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "processes/processes.h"

namespace pretext {

class SocketProcesses final : public Processes {
 public:
  // This process becomes number 0 of k: starts k - 1 more, of its own program with its own
  // arguments, which find their place with FromEnvironment.
  static absl::StatusOr<std::unique_ptr<SocketProcesses>> Start(int k);
  // A process that Start has started; null where this is none.
  static absl::StatusOr<std::unique_ptr<SocketProcesses>> FromEnvironment();
  // A pair of sockets for each two of k: [a][b] is the end of process a of its pair with b. A line
  // takes one of these.
  static absl::StatusOr<std::vector<std::vector<int>>> Pairs(int k);
  // Number `rank` of sockets[r], one to each of the others; sockets[rank] is not used; `beside`: of
  // the line beside. It closes them.
  SocketProcesses(int rank, std::vector<int> sockets, std::vector<int> beside);
  ~SocketProcesses() override;

  int rank() const override { return rank_; }
  int size() const override { return static_cast<int>(peers_.size()); }
  const std::string& host(int) const override { return host_; }
  absl::Status Exchange(const std::vector<Message>& out, const std::vector<Message>& in) override;
  Processes& beside() override { return beside_ != nullptr ? *beside_ : *this; }
  void Cancel() override { cancelled_ = true; }
  void Fail(const absl::Status& status) override;
  void set_timeout(absl::Duration timeout) override;

 private:
  // One line.
  SocketProcesses(int rank, std::vector<int> sockets);

  // A message on its way: a header of eight bytes (its kind and its length), then its bytes.
  struct Transfer {
    uint64_t header = 0;
    char* data = nullptr;        // null of what is read over
    size_t bytes = 0, done = 0;  // of header and data together
    bool is_done() const { return done == sizeof(header) + bytes; }
  };
  struct Peer {
    int socket = -1;
    std::vector<Transfer> out, in;  // of the exchange, in order
    size_t sent = 0, taken = 0;     // of them
    std::string unwanted;           // for what is of another exchange, a piece at a time
    absl::Time heard;
    bool waits() const { return sent < out.size() || taken < in.size(); }
  };

  // What there is to take from a peer: no more for now, its end, or a failure, which is `failed_`.
  enum class Heard { kNoMore, kEnd, kFailure };

  absl::Status Send(int rank, Peer& peer);
  // What is due, as far as it is there. `to_the_last`: nothing but a failure is of use any more,
  // and what lies before it is read over.
  Heard Take(int rank, Peer& peer, bool to_the_last = false);
  // What a peer that failed has said: its text is on its way behind the header.
  Heard TakeFailure(int rank, Peer& peer, uint64_t header);
  // That a peer is gone, or the failure that it or another tells of, which explains it.
  absl::Status Lost(int rank);
  absl::Status Poll();

  const int rank_;
  const std::string host_;
  std::vector<Peer> peers_;
  absl::Duration timeout_ = absl::InfiniteDuration();
  absl::Status failed_;
  std::atomic<bool> cancelled_ = false;
  std::unique_ptr<SocketProcesses> beside_;
  std::vector<pid_t> children_;
};

}  // namespace pretext
