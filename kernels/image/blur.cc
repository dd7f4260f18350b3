#include "kernels/image/blur.h"

#include <algorithm>
#include <cmath>

#include "kernels/image/weighted_sum.h"

namespace pretext {
namespace {

// padded ((H + 2 radius) x (W + 2 radius)) = plane with its border reflected.
void PadByReflection(const float* plane, int height, int width, int radius, float* padded) {
  const int padded_width = width + 2 * radius;
  float* inner = padded + int64_t{radius} * padded_width;
  for (int y = 0; y < height; ++y, plane += width) {
    float* row = inner + int64_t{y} * padded_width + radius;
    std::copy_n(plane, width, row);
    for (int k = 1; k <= radius; ++k) {
      row[-k] = plane[k];
      row[width - 1 + k] = plane[width - 1 - k];
    }
  }
  const int64_t last = int64_t{height} - 1;
  for (int64_t k = 1; k <= radius; ++k) {
    std::copy_n(inner + k * padded_width, padded_width, inner - k * padded_width);
    std::copy_n(inner + (last - k) * padded_width, padded_width, inner + (last + k) * padded_width);
  }
}

}  // namespace

void BlurGaussian(float* image, const ImageShape& shape, int radius, float sigma,
                  BlurScratch& scratch) {
  const int taps = 2 * radius + 1;
  scratch.weights.resize(taps);
  float sum = 0;
  for (int k = 0; k < taps; ++k) {
    const float x = (k - radius) / sigma;
    sum += scratch.weights[k] = std::exp(-0.5f * x * x);
  }
  for (float& weight : scratch.weights) weight /= sum;

  const int64_t padded_width = shape.width + 2 * radius;
  scratch.padded.resize((shape.height + 2 * radius) * padded_width);
  scratch.columns.resize(shape.height * padded_width);
  for (int c = 0; c < shape.channels; ++c, image += shape.plane()) {
    PadByReflection(image, shape.height, shape.width, radius, scratch.padded.data());
    WeightedSum(scratch.padded.data(), padded_width, scratch.weights.data(), taps,
                shape.height * padded_width, scratch.columns.data());
    for (int y = 0; y < shape.height; ++y) {
      WeightedSum(scratch.columns.data() + y * padded_width, 1, scratch.weights.data(), taps,
                  shape.width, image + int64_t{y} * shape.width);
    }
  }
}

}  // namespace pretext
