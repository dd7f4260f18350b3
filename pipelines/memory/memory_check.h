// Whether a training fits the memory there is, before the first byte of its data is loaded.
#pragma once

#include <algorithm>
#include <string>

#include "absl/status/statusor.h"
#include "base/memory/memory_limits.h"
#include "pipelines/assembly/assembly.h"

namespace pretext {

// In bytes. All but the last two are held throughout; between steps and evaluations memory is given
// back, so that the larger of these two counts.
struct MemoryNeeds {
  double program = 0;      // what the process has already: code, libraries
  double parameters = 0;   // values and gradients, running statistics
  double optimizer = 0;    // the optimizer's state
  double dataset = 0;      // as loaded, where it says so
  double batches = 0;      // read ahead, on their way to the model, and what decodes them
  double activations = 0;  // what a forward and backward pass keeps
  double evaluation = 0;  // passes without a tape; features and what classifies them, or the report

  double throughout() const { return program + parameters + optimizer + dataset + batches; }
  double total() const { return throughout() + std::max(activations, evaluation); }
};

// What the training needs, or InvalidArgument at the field that asks for most, with what would fit,
// if it is more than the limit. Runs a few samples through the model (dry_run.h). `evaluates`: of
// the processes of a training the first does.
absl::StatusOr<MemoryNeeds> CheckMemory(const Assembled& parts, const MemoryLimit& limit,
                                        bool evaluates = true);

// CheckMemory against the tightest limit there is; its line for the pipeline's description. Of the
// machine's memory each process here has its share, the one that evaluates what the others leave.
absl::StatusOr<std::string> CheckAndDescribeMemory(const Assembled& parts, bool evaluates = true);

// A line: "memory         about 1.2 GB of 24.0 GB: parameters and gradients 89.4 MB, …"
std::string DescribeMemory(const MemoryNeeds& needs, const MemoryLimit& limit);

}  // namespace pretext
