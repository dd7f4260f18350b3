// What can be judged only by the number of samples, and is judged before anything is trained.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace pretext {

struct Assembled;

// Those of the faults below that are certain by what is known before the dataset is loaded
// (Dataset::extent): none where that is nothing.
absl::Status CheckAgainstExtent(const Assembled& parts);

// All faults, each at its place in the text: a batch of more samples than there are, a last batch
// (drop_last: false) that a loss or batch normalisation can do nothing with, a warmup that does not
// end within the run. What is right but hollow is added to `warnings`. The dataset is loaded.
absl::Status CheckAgainstData(const Assembled& parts, std::vector<std::string>* warnings);

}  // namespace pretext
