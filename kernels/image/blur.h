// Gaussian blur, as torchvision.transforms.v2.functional.gaussian_blur on float images.
#pragma once

#include <vector>

#include "base/image/image.h"

namespace pretext {

// Storage that BlurGaussian keeps from one call to the next.
struct BlurScratch {
  std::vector<float> weights, padded, columns;
};

// In place, each channel by itself:
//
//   y[i, j] = Σ_{|k|, |l| <= radius} w[k] w[l] x[i + k, j + l],   w[k] ∝ exp(-k² / (2 sigma²))
//
// The weights w sum to 1; the image is reflected at its border, without repeating the edge.
// sigma > 0, in pixels; 0 <= radius < min(H, W). NaN propagates.
void BlurGaussian(float* image, const ImageShape& shape, int radius, float sigma,
                  BlurScratch& scratch);

}  // namespace pretext
