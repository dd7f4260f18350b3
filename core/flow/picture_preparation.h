// What a picture goes through on its way from a file to a sample.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace pretext {

struct PicturePreparation {
  enum class Fit : uint8_t {
    kCrop,     // its largest central part of the sample's proportions is resized
    kStretch,  // all of it is
  };

  int64_t channels = 3, height = 0, width = 0;  // of a sample; C is 1 or 3
  Fit fit = Fit::kCrop;
  std::array<uint8_t, 3> background = {255, 255, 255};  // of what is transparent
  // value = byte / 255 · factor[c] + offset[c] in channel c.
  std::vector<float> factor, offset;  // [C]
  // Whether these came of the pictures' statistics.
  bool standardized = false;
};

}  // namespace pretext
