// What passes through a model take of memory, found by making them: a few samples are sent through
// parts of the same configs, and what appears is counted. So it holds for any plugin, whatever its
// layers keep.
//
// The number of samples is doubled until it is the batch's, or two seconds of computing are over
// (not before three measurements, unless one alone takes longer; ten seconds where the whole would
// be a little more than there is), or the next would not fit; from there on a straight line through
// the last two measurements is followed.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/memory/memory_limits.h"
#include "pipelines/assembly/assembly.h"

namespace pretext {

// Bytes of tensors by number of samples.
class PassMemory {
 public:
  void Add(int64_t samples, double bytes) { points_.emplace_back(samples, bytes); }
  int measurements() const { return static_cast<int>(points_.size()); }
  // On the line through the last two measurements; in proportion with one.
  double At(double samples) const;

 private:
  std::vector<std::pair<int64_t, double>> points_;  // rising
};

struct DryRun {
  // Forward and backward pass, parameters and their gradients left out. A loss that each process
  // computes of the whole batch is computed of as many samples more (gathered_loss.h).
  PassMemory step;
  PassMemory evaluation;  // h, without a tape
};

// In what the limit counts. Measures passes of up to `step_samples` and `evaluation_samples`,
// holding at most `most_bytes` of tensors. ResourceExhausted if these do not suffice for the fewest
// samples.
absl::StatusOr<DryRun> MeasurePasses(const Assembled& parts, const MemoryLimit& limit,
                                     int64_t step_samples, int64_t evaluation_samples,
                                     double most_bytes);

}  // namespace pretext
