// The processes that train one pipeline together, and what they say to one another.
//
// Messages go from one process to another; what is made of them, sums in a fixed order and the
// like, is ours (block_group.h, sharing.h), so that neither an MPI's choice of algorithm nor the
// number of processes is part of a result.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace pretext {

class Processes {
 public:
  // `bytes` at `data`, to or from another process.
  struct Message {
    int peer;
    void* data;
    size_t bytes;
  };

  virtual ~Processes() = default;

  virtual int rank() const = 0;  // of this one, from 0
  virtual int size() const = 0;  // k
  // The machine that a process runs on.
  virtual const std::string& host(int rank) const = 0;

  // All of these at once; between two processes in the order of their messages, both ends with the
  // same number of bytes. From one thread at a time. Not OK when one of the others is gone, or has
  // said nothing for the time that was set (Unavailable, with its rank and host), or has failed and
  // said why (Fail): then nothing more goes from here.
  virtual absl::Status Exchange(const std::vector<Message>& out,
                                const std::vector<Message>& in) = 0;

  // Tells all others that this one has failed, and how; their Exchange returns it with its rank and
  // host. Of several the first counts.
  virtual void Fail(const absl::Status& status) = 0;

  // How long another may say nothing. An infinite time waits for good.
  virtual void set_timeout(absl::Duration timeout) = 0;

  // At the end of what all have done well: until all are there.
  virtual absl::Status Finish();

  // "process 2 on host b".
  std::string Name(int rank) const;
  // How many run on the machine of this one, and which of them it is, from 0.
  int processes_here() const;
  int rank_here() const;
};

// A process by itself.
class Alone final : public Processes {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  const std::string& host(int rank) const override;
  absl::Status Exchange(const std::vector<Message>& out, const std::vector<Message>& in) override;
  void Fail(const absl::Status&) override {}
  void set_timeout(absl::Duration) override {}
};

// The name of this machine.
std::string HostName();

// The status of a process that failed, as others are told of it.
absl::Status FailureOf(const Processes& processes, int rank, const std::string& message);
// What is said of a process that said nothing for `timeout`, and of one that is gone.
absl::Status SilenceOf(const Processes& processes, int rank, absl::Duration timeout);
absl::Status LossOf(const Processes& processes, int rank);

}  // namespace pretext
