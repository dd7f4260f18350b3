// How long a step of a training takes on this machine.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace pretext {

// Seconds of an update of the pipeline with that text, from the training loop's own steps on random
// samples of its type: augmentations, both passes and the optimizer. `samples` is how many there
// would be. Takes about `seconds`; errors: the pipeline is faulty, or does not fit the memory.
absl::StatusOr<double> MeasureStep(const std::string& text, int64_t samples, double seconds);

}  // namespace pretext
