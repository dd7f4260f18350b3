// What a run that goes on may have changed, and what not.
//
// Free: how long it takes (train.epochs, steps), rates (schedule, the optimizer's fields but for
// those that give its state its meaning, train.clip_norm), what is measured and written (name,
// evaluate but for its validation split, output, checkpoints, train.log_every,
// checkpoint_every_steps), what the machine is to do (train.threads, prefetch, timeout_seconds,
// gradient_checkpointing), and where the same data lie (dataset). All else made the weights what
// they are: the run goes on with what it was begun with, the same version of pretext and the same
// samples.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "pipelines/checkpoint/checkpoint.h"

namespace pretext {

// InvalidArgument with a line for each thing that may not have changed, with what it was and what
// it is.
absl::Status CheckResumable(const RunOrigin& was, const RunOrigin& is);

}  // namespace pretext
