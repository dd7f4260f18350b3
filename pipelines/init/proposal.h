// From facts about data, and what this machine can do, to the text of a pipeline with its reasons.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pipelines/init/data_facts.h"

namespace pretext {

enum class Method { kAutoencoder, kSimclr, kMaskedLm };

// "autoencoder", "simclr" or "masked_lm"; empty: what suits the data. An error where it does not
// fit the data.
absl::StatusOr<Method> ChooseMethod(const std::string& name, const DataFacts& facts);

// An encoder with all that goes with it. Those of a method are ordered: the one that would learn
// most first, the one that costs least last.
struct Architecture {
  std::string encoder, head;  // sections of the pipeline
  std::string why;            // a comment, without #
};
std::vector<Architecture> Architectures(Method method, const DataFacts& facts);

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

// The whole text.
std::string PipelineText(const std::string& name, Method method, const DataFacts& facts,
                         const Architecture& architecture, const Length& length,
                         const Timing& timing, double hours);

}  // namespace pretext
