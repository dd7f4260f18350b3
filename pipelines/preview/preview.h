// A sheet of samples beside their augmented views, for `pretext preview`.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "pipelines/assembly/assembly.h"

namespace pretext {

struct PreviewOptions {
  int samples = 8;  // rows, evenly spaced over the training split
  int draws = 3;    // how often each sample's views are drawn
};

// Writes a PNG to `path`: each row is a sample as it is and, in groups, its V views as training
// sees them in epoch 0, in epoch 1 and so on: the same augmentations with the same random numbers.
// Values outside [0, 1] (normalised images) are shown on one scale from the least to the greatest.
//
// Loads the dataset. Returns a line that says what is on the sheet. Errors: samples that are no
// images of 1 or 3 channels, a dataset that cannot be loaded, a file that cannot be written.
absl::StatusOr<std::string> WritePreview(const Assembled& parts, const PreviewOptions& options,
                                         const std::string& path);

}  // namespace pretext
