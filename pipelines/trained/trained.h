// A run that was trained, to be used.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "pipelines/assembly/assembly.h"

namespace pretext {

// The parts of a run with the weights of its checkpoint, its vocabulary from the run. The dataset
// is not loaded. Errors name the run's folder or the file at fault.
absl::StatusOr<Assembled> OpenTrained(const std::string& run);

}  // namespace pretext
