// The processes of `pretext train`: those that an mpirun or --processes has started.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "processes/processes.h"

namespace pretext {

// work() among k processes of this machine that it starts (--processes k), or among those that this
// one was started as. Each has its share of the machine's threads; the first alone is heard: what
// others print goes nowhere, and what fails in one ends all, with the first one's message.
absl::Status RunAmongProcesses(int k, const std::function<absl::Status(Processes&)>& work);

}  // namespace pretext
