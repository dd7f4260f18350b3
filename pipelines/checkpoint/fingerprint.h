// What tells a dataset's samples from any others.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "core/plugin/dataset.h"
#include "core/plugin/tokenizer.h"

namespace pretext {

// "60000 samples e3069283, 10000 samples 8a9136aa": of the training and the test split their sizes
// and a CRC-32 over SumsOf (core/loader/content_sums.h) all samples, in their order, and over the
// values of some. The dataset is loaded; where its files lie and how they are compressed does not
// matter. The same whatever the number of threads. Errors are those of Dataset::Read.
absl::StatusOr<std::string> Fingerprint(const Dataset& dataset);

// A CRC-32 of the dataset's tokenizer: its vocabulary and options. "" without one.
std::string TokenizerFingerprint(const Dataset& dataset);
std::string TokenizerFingerprint(const Tokenizer& tokenizer);

}  // namespace pretext
