// Moving pixels: flip, erase, affine maps.
#pragma once

#include "base/image/image.h"
#include "kernels/image/resize.h"

namespace pretext {

// Mirrors each row, in place.
void FlipHorizontally(float* image, const ImageShape& shape);

// Sets the box, which must lie inside the image, to value[c] in channel c.
void Erase(float* image, const ImageShape& shape, const CropBox& box, const float* value);

// A map of the plane about the image's centre: shear (along x, then along y), then scale, then
// rotation, then translation.
struct AffineParameters {
  float degrees = 0;      // Of the rotation; positive is clockwise on the screen.
  float translate_x = 0;  // Pixels to the right.
  float translate_y = 0;  // Pixels down.
  float scale = 1;        // > 0.
  float shear_x = 0;      // Degrees, in (-90, 90).
  float shear_y = 0;
};

// out[c, q] = image[c, M⁻¹ q], M the map: for every pixel of the result the place it comes from.
//
// `out` has the image's shape and may not overlap it. The conventions are those of
// torchvision.transforms.v2.functional.affine (pixel centres at half integers). What comes from
// outside the image is `fill`; with bilinear weights a pixel at the border is blended with it.
// (torchvision blends twice there unless fill is None.)
enum class Sampling { kNearest, kBilinear };
void Affine(const float* image, const ImageShape& shape, const AffineParameters& map,
            Sampling sampling, float fill, float* out);

}  // namespace pretext
