// Processes that an mpirun has started (MPI 3.1). What is computed goes in messages from process to
// process, so that no choice of the library's is part of a result; but for AddUp, which is its own
// sum (MPI_Iallreduce).
#pragma once

#include <mpi.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "processes/processes.h"

namespace pretext {

class MpiProcesses final : public Processes {
 public:
  // All of MPI_COMM_WORLD; Alone where that is one. FailedPrecondition where the library cannot be
  // called from other threads than the first.
  static absl::StatusOr<std::unique_ptr<Processes>> Start();
  static std::string Describe();
  // Ends MPI: with the others, where Finish went well or all know of a failure, else by force.
  ~MpiProcesses() override;

  int rank() const override { return rank_; }
  int size() const override { return static_cast<int>(hosts_.size()); }
  const std::string& host(int rank) const override { return hosts_[static_cast<size_t>(rank)]; }
  absl::Status Exchange(const std::vector<Message>& out, const std::vector<Message>& in) override;
  absl::Status AddUp(float* values, int64_t count) override;
  Processes& beside() override { return beside_ != nullptr ? *beside_ : *this; }
  void Cancel() override { cancelled_ = true; }
  void Fail(const absl::Status& status) override;
  void set_timeout(absl::Duration timeout) override;
  absl::Status Finish() override;

 private:
  // A line of its own, of all that are in the communicator.
  explicit MpiProcesses(MPI_Comm line);

  // OK, or what another has said of its failure.
  absl::Status LookForFailures();
  // Whether what is waited for is not to be waited for any more: another has failed, or was silent
  // since `heard`, when waiting for `peer`, -1 for all.
  absl::Status LookWhetherToWait(absl::Time heard, int peer);

  const MPI_Comm line_;
  int rank_ = 0;
  std::vector<std::string> hosts_;
  absl::Duration timeout_ = absl::InfiniteDuration();
  absl::Status failed_;
  std::atomic<bool> cancelled_ = false;
  std::vector<float> sum_;  // of AddUp: the library may write to it until the program's end
  bool adding_ = false;     // it may
  bool told_ = false;       // all others know of failed_
  bool finished_ = false;
  std::unique_ptr<MpiProcesses> beside_;
};

}  // namespace pretext
