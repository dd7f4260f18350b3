// Parts of decoded pictures at another size.
#pragma once

#include <cstdint>
#include <vector>

#include "base/image/image.h"
#include "kernels/image/resize.h"

namespace pretext {

enum class PictureFit { kCrop, kStretch };

// The part of a picture that becomes an image of `shape`: the largest one in its middle with the
// shape's proportions (kCrop), or all of it (kStretch).
CropBox PartFor(const ImageShape& picture, const ImageShape& shape, PictureFit fit);

// What a thread reuses from one picture to the next.
struct PictureScratch {
  std::vector<float> part;
  ResizeScratch resize;
};

// out (C x height x width) = the box of a picture's bytes (C x H x W), resized, antialiased, in
// [0, 255] but for the rounding of bilinear weights.
void ResizePart(const uint8_t* pixels, const ImageShape& picture, const CropBox& box, int height,
                int width, Interpolation interpolation, PictureScratch& scratch, float* out);

// The same for the part that becomes an image of `shape`, bilinear, rounded to bytes.
void ResizeToBytes(const uint8_t* pixels, const ImageShape& picture, const ImageShape& shape,
                   PictureFit fit, PictureScratch& scratch, uint8_t* out);

}  // namespace pretext
