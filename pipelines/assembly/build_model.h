// The trained parts of a pipeline once more, as Assemble built them: for what must not touch the
// parts that are trained (an encoder before training, a dry run).
#pragma once

#include "absl/status/statusor.h"
#include "pipelines/assembly/assembly.h"

namespace pretext {

// Nothing of it is allocated.
absl::StatusOr<Model> BuildModel(const Assembled& parts);

}  // namespace pretext
