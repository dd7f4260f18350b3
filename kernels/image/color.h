// Changes of colour, in place, with the arithmetic of torchvision.transforms.v2.functional
// on float images.
//
// Every function takes an image C×H×W of 1 or 3 channels with values in [0, 1], and clips its
// result to [0, 1] where it could leave it. NaN stays NaN.
//
//   grey = 0.2989 R + 0.587 G + 0.114 B        of one channel: the channel itself
#pragma once

#include <cstdint>

#include "base/image/image.h"

namespace pretext {

// x = min(max(x, 0), 1).
void Clip(float* x, int64_t n);

// x = clip(factor x); factor >= 0.
void AdjustBrightness(float* image, const ImageShape& shape, float factor);

// x = clip(factor x + (1 - factor) m), m the mean of the grey image; factor >= 0.
void AdjustContrast(float* image, const ImageShape& shape, float factor);

// x = clip(factor x + (1 - factor) grey); factor >= 0. One channel: nothing to do.
void AdjustSaturation(float* image, const ImageShape& shape, float factor);

// Turns the hue of HSV (Smith 1978) by `turn` of a circle, in [-0.5, 0.5]; saturation and value
// stay. One channel: nothing to do.
void AdjustHue(float* image, const ImageShape& shape, float turn);

// Each channel = grey. One channel: nothing to do.
void Grayscale(float* image, const ImageShape& shape);

// x = 1 - x where x >= threshold.
void InvertAbove(float* image, const ImageShape& shape, float threshold);

// x = (x - mean[c]) / deviation[c] in channel c; deviation > 0. The result is not clipped.
void NormalizeChannels(float* image, const ImageShape& shape, const float* mean,
                       const float* deviation);

}  // namespace pretext
