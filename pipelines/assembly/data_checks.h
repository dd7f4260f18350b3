// What can be judged only by the number of samples, and is judged before anything is trained.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace pretext {

struct Assembled;

// What loading said, at the dataset's place in the text where the data are at fault, or at that of
// the field which keeps samples for validation. What the system refuses stays as it is.
absl::Status PlacedAtDataset(const Assembled& parts, const absl::Status& loaded);

// Those of the faults below that are certain by what is known before the dataset is loaded
// (Dataset::extent): none where that is nothing.
absl::Status CheckAgainstExtent(const Assembled& parts);

// What is right but hollow in how the parts are composed, whatever the data.
std::vector<std::string> WarningsOfParts(const Assembled& parts);

// All faults, each at its place in the text: a batch of more samples than there are, a last batch
// (drop_last: false) that a loss or batch normalisation can do nothing with, a warmup that does not
// end within the run. What is right but hollow, WarningsOfParts too, is added to `warnings`. The
// dataset is loaded.
absl::Status CheckAgainstData(const Assembled& parts, std::vector<std::string>* warnings);

// Of those warnings the ones that are of an evaluation without a training too: ways to vote of k-NN
// that ask all samples. The dataset is loaded.
void WarnOfVotes(const Assembled& parts, std::vector<std::string>* warnings);

}  // namespace pretext
