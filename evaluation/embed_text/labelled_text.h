// Texts and their labels, from files of lines, and how well a linear classifier tells the labels
// from the vectors.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "evaluation/features/features.h"

namespace pretext {

// The lines of a file, without their ends. A last line without an end counts. Errors name the file.
absl::StatusOr<std::vector<std::string>> ReadLines(const std::string& path);

struct TextProbe {
  int64_t train = 0, test = 0;  // texts that were learnt from, and that were scored
  int64_t classes = 0;
  double accuracy = 0;       // percent, of the linear probe on the held-out texts
  double most_frequent = 0;  // percent, of always naming the most frequent label of the others
};

// A fifth of the texts, chosen at random by the seed, is held out; the probe learns from the rest.
// Any text is a label; equal texts are one class. Errors: another number of labels than of vectors,
// fewer than two classes, too few texts.
absl::StatusOr<TextProbe> ProbeTexts(const Features& vectors,
                                     const std::vector<std::string>& labels, uint64_t seed);

}  // namespace pretext
