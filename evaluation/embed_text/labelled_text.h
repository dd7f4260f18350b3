// Texts and their labels, from files of lines, and how well a linear classifier tells the labels
// from the vectors.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "evaluation/features/features.h"

namespace pretext {

// The lines of a file of text as any system writes it (base/unicode/text_decoder.h), without their
// ends. A last line without an end counts. Adds to *replaced the ill-formed UTF-8 and UTF-16 that
// became U+FFFD. Errors name the file; one that holds NUL is no text.
absl::StatusOr<std::vector<std::string>> ReadLines(const std::string& path, int64_t* replaced);

struct TextProbe {
  int64_t train = 0, test = 0;  // texts that were learnt from, and that were scored
  int64_t classes = 0;
  double accuracy = 0;       // percent, of the linear probe on the held-out texts
  double most_frequent = 0;  // percent, of always naming the most frequent label of the others
};

// A probe of more different labels than these takes minutes.
inline constexpr int64_t kManyLabels = 1000;
int64_t CountDifferent(const std::vector<std::string>& labels);

// What makes labels useless for a probe of that many texts, to be said before anything is computed:
// another number of labels than of texts, fewer than two different ones, too few texts, or so many
// different ones that hardly any label is both learnt and scored.
absl::Status CheckLabels(const std::vector<std::string>& labels, int64_t texts);

// A fifth of the texts, chosen at random by the seed, is held out; the probe learns from the rest.
// Any text is a label; equal texts are one class. Errors: those of CheckLabels.
absl::StatusOr<TextProbe> ProbeTexts(const Features& vectors,
                                     const std::vector<std::string>& labels, uint64_t seed);

}  // namespace pretext
