// Planar float images: C planes (1 grey or 3 red, green, blue) of H rows of W pixels, contiguous,
// values in [0, 1].
#pragma once

#include <cstdint>

namespace pretext {

struct ImageShape {
  int channels = 0;  // C: 1 or 3.
  int height = 0;    // H.
  int width = 0;     // W.

  int64_t plane() const { return int64_t{height} * width; }
  int64_t size() const { return channels * plane(); }
  bool operator==(const ImageShape&) const = default;
};

}  // namespace pretext
