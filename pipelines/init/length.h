// How long a training is to be, by the data and by what a step takes here.
#pragma once

#include <cstdint>

#include "pipelines/init/data_facts.h"
#include "pipelines/init/method.h"

namespace pretext {

// Share of the training samples that is kept for validation.
inline constexpr double kValidation = 0.1;

// What is found out by measuring.
struct Timing {
  double step_seconds = 0;  // of a step of the batch
  double data_seconds = 0;  // of reading a batch besides
  int threads = 0;
};

struct Length {
  int64_t batch_size = 0, epochs = 0, steps_per_epoch = 0;
  bool cut = false;  // fewer epochs than were wished for

  double Hours(const Timing& timing) const;
};
int64_t BatchSize(Method method, const DataFacts& facts);
// Epochs that are worth it for so much data, or as many as fit into the hours, at least one.
Length ChooseLength(Method method, const DataFacts& facts, const Timing& timing, double hours);

// In tokens, of a text.
int64_t SequenceLength(const DataFacts& facts);

}  // namespace pretext
