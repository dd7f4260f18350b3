// Antialiased resizing of a crop, the way of Pillow and of torchvision with antialias=True.
#pragma once

#include <vector>

#include "base/image/image.h"

namespace pretext {

enum class Interpolation { kBilinear, kBicubic };

// A rectangle of pixels inside an image.
struct CropBox {
  int top = 0;
  int left = 0;
  int height = 0;
  int width = 0;
};

// The weights that resample one axis from `in` pixels to `out`:
//
//   y[i] = Σ_{k < taps} weights(i)[k] · x[first(i) + k]
//
// a triangle (bilinear) or Keys' cubic with a = -1/2 (bicubic; Keys 1981), centred on the output
// pixel's place in the input, (i + 1/2) · in / out, widened by in / out when that is above 1, cut
// at the border and scaled to sum to 1.
class AxisWeights {
 public:
  // Keeps the storage of the last call where it suffices.
  void Compute(int in, int out, Interpolation interpolation);

  int taps() const { return taps_; }
  int first(int i) const { return first_[i]; }  // first(i) + taps() <= in.
  // taps() of them, zero where unused.
  const float* weights(int i) const { return &weights_[i * taps_]; }

 private:
  int taps_ = 0;
  std::vector<int> first_;
  std::vector<float> weights_;
};

// Storage that ResizedCrop keeps from one call to the next, so that none is allocated once sizes
// have been seen.
struct ResizeScratch {
  AxisWeights x, y;
  std::vector<float> band;  // The x weights, by blocks of outputs.
  std::vector<float> rows;  // The crop, resized along x only.
};

// out (C x out_height x out_width) = the box of `image`, which must lie inside it, resized. Bicubic
// weights are negative in places, so that its result can leave [0, 1]: `clip` brings it back. `out`
// may not overlap `image`.
void ResizedCrop(const float* image, const ImageShape& shape, const CropBox& box, int out_height,
                 int out_width, Interpolation interpolation, bool clip, ResizeScratch& scratch,
                 float* out);

}  // namespace pretext
