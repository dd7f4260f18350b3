// Samples and their views as tiles of a sheet.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "pipelines/assembly/assembly.h"
#include "pipelines/preview/contact_sheet.h"

namespace pretext {

// Whether a sample of this type is a picture: an image of 1 or 3 channels.
bool IsPicture(const FlowType& type);

// The picture with its values as they are. Above 0, `most_side` bounds its sides: a larger one is
// made smaller by a mean over squares of a whole number of pixels.
Tile ToTile(const FlowType& type, const std::vector<float>& values, int most_side = 0);

// One scale for all values that are given: [0, 1] where they are within it, else from the least to
// the greatest.
struct Shades {
  float least = 0, greatest = 1;

  void Add(const std::vector<float>& values);
  bool are_values() const { return least == 0 && greatest == 1; }
  // The tile's values, put on the scale.
  void Apply(Tile& tile) const;
};

// Training samples, evenly spaced over the split, each with its V views as training sees them in
// epoch 0, in epoch 1 and so on: the same augmentations with the same random numbers.
struct SampleWithViews {
  Sample sample;
  std::vector<std::vector<Sample>> draws;  // of each epoch: the views
};
// As many samples, of as many epochs; fewer samples where there are fewer. The dataset is loaded.
absl::StatusOr<std::vector<SampleWithViews>> DrawViews(const Assembled& parts, int64_t samples,
                                                       int64_t draws);

}  // namespace pretext
