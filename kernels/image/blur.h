// Gaussian blur, as torchvision.transforms.v2.functional.gaussian_blur on float images.
#pragma once

#include <vector>

#include "kernels/image/image.h"

namespace pretext {

// Storage that BlurGaussian keeps from one call to the next.
struct BlurScratch {
  std::vector<float> weights, padded, columns;
};

// In place: each channel convolved with exp(-(x^2 + y^2) / (2 sigma^2)), |x|, |y| <= radius, scaled
// to sum to 1, the image reflected at its border (without repeating the edge). sigma > 0; 0 <=
// radius < min(H, W).
void BlurGaussian(float* image, const ImageShape& shape, int radius, float sigma,
                  BlurScratch& scratch);

}  // namespace pretext
