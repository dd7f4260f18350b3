// Processes that an mpirun has started (MPI 3.1: Open MPI, MPICH). Point-to-point messages alone
// are used, so that no choice of the library's is part of a result.
#pragma once

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
  // Ends MPI: with the others, where Finish went well or all know of a failure, else by force, when
  // the program ends.
  ~MpiProcesses() override;

  int rank() const override { return rank_; }
  int size() const override { return static_cast<int>(hosts_.size()); }
  const std::string& host(int rank) const override { return hosts_[static_cast<size_t>(rank)]; }
  absl::Status Exchange(const std::vector<Message>& out, const std::vector<Message>& in) override;
  void Fail(const absl::Status& status) override;
  void set_timeout(absl::Duration timeout) override { timeout_ = timeout; }
  absl::Status Finish() override;

 private:
  MpiProcesses();

  // OK, or what another has said of its failure.
  absl::Status LookForFailures();

  int rank_ = 0;
  std::vector<std::string> hosts_;
  absl::Duration timeout_ = absl::InfiniteDuration();
  absl::Status failed_;
  bool told_ = false;  // all others know of failed_
  bool finished_ = false;
};

}  // namespace pretext
