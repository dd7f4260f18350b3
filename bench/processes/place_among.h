// The places of a benchmark's processes.
#pragma once

#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "processes/sockets.h"

namespace pretext {

// This process's place among k of this machine, which the first one starts; 1: it is alone.
inline absl::StatusOr<std::unique_ptr<Processes>> PlaceAmong(int k) {
  if (k <= 1) return std::make_unique<Alone>();
  auto place = SocketProcesses::FromEnvironment();
  if (place.ok() && *place == nullptr) place = SocketProcesses::Start(k);
  if (!place.ok()) return place.status();
  return *std::move(place);
}

}  // namespace pretext
