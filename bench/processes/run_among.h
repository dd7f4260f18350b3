// The processes of a benchmark.
#pragma once

#include <memory>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "processes/sockets.h"

namespace pretext {

// work(processes) in each of k processes of this machine, which the first one starts; 1: it is
// alone. The first error of any of them.
inline absl::Status RunAmong(int k, absl::FunctionRef<absl::Status(Processes&)> work) {
  std::unique_ptr<Processes> processes = std::make_unique<Alone>();
  if (k > 1) {
    auto place = SocketProcesses::FromEnvironment();
    if (place.ok() && *place == nullptr) place = SocketProcesses::Start(k);
    if (!place.ok()) return place.status();
    processes = *std::move(place);
  }
  const absl::Status status = work(*processes);
  if (status.ok()) return processes->Finish();
  processes->Fail(status);
  return status;
}

}  // namespace pretext
