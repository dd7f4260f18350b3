// The processes that train one pipeline together, and what they say to one another.
//
// Messages go from one process to another; what is made of them, sums in a fixed order and the
// like, is ours (block_group.h, sharing.h), so that neither an MPI's choice of algorithm nor the
// number of processes is part of a result.
#pragma once

#include <cstddef>
#include <cstdint>
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
  // said why (FailureOf): then nothing more goes from here.
  virtual absl::Status Exchange(const std::vector<Message>& out,
                                const std::vector<Message>& in) = 0;

  // Tells all others that this one has failed, and how; their Exchange returns it with its code,
  // rank and host. Of several the first counts.
  virtual void Fail(const absl::Status& status) = 0;

  // values[i] becomes the sum of all processes', 0 <= i < count, in whatever order is fastest: here
  // slice by slice, each added by one process; of other bits for other numbers of processes. As
  // Exchange.
  virtual absl::Status AddUp(float* values, int64_t count);

  // A line of its own between the same processes, for one thread more: Exchange and AddUp there and
  // here know nothing of one another. Fail and set_timeout are of both. It lives as long as this.
  virtual Processes& beside() = 0;
  // From any thread: who waits in Exchange or AddUp waits no more, and the line is of no use from
  // then on (Cancelled).
  virtual void Cancel() = 0;

  // How long another may say nothing. An infinite time waits for good.
  virtual void set_timeout(absl::Duration timeout) = 0;

  // At the end of what all have done well: until all are there.
  virtual absl::Status Finish();

  // "process 2 on host b".
  std::string Name(int rank) const;
  // How many run on the machine of this one, and which of them it is, from 0.
  int processes_here() const;
  int rank_here() const;

 private:
  std::vector<float> others_;  // of AddUp: it keeps its memory
};

// A process by itself.
class Alone final : public Processes {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  const std::string& host(int rank) const override;
  absl::Status Exchange(const std::vector<Message>& out, const std::vector<Message>& in) override;
  Processes& beside() override { return *this; }
  void Cancel() override {}
  void Fail(const absl::Status&) override {}
  void set_timeout(absl::Duration) override {}
};

// The name of this machine.
std::string HostName();

// The status of a process that failed, as others are told of it: its code, so that the program ends
// with the same exit status whoever finds a fault first, and its message behind its name.
absl::Status FailureOf(const Processes& processes, int rank, absl::StatusCode code,
                       const std::string& message);
// Whether a status is another's (FailureOf).
bool IsFailureOfAnother(const absl::Status& status);
// What is said of a process that said nothing for `timeout`, and of one that is gone.
absl::Status SilenceOf(const Processes& processes, int rank, absl::Duration timeout);
absl::Status LossOf(const Processes& processes, int rank);

}  // namespace pretext
