// How long a run is, once the number of its training samples is known.
#pragma once

#include <cstdint>

namespace pretext {

class Pipeline;

struct RunLength {
  int64_t batches_per_epoch = 0;  // 0: not one
  int64_t steps = 1;              // updates, 1 at least
  int64_t warmup_steps = 0;
  double steps_per_epoch = 0;
};

RunLength LengthOfRun(const Pipeline& config, int64_t samples);

// Of all epochs, where the run's length is in epochs.
int64_t BatchesOfRun(const Pipeline& config, int64_t samples);

// So many epochs in steps, to the nearest; at most what is longer than any run.
int64_t StepsOf(double epochs, double steps_per_epoch);

}  // namespace pretext
