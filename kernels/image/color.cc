#include "kernels/image/color.h"

#include <algorithm>
#include <cmath>

namespace pretext {
namespace {

constexpr float kRed = 0.2989f, kGreen = 0.587f, kBlue = 0.114f;

inline float Clipped(float x) { return x < 0.0f ? 0.0f : (x > 1.0f ? 1.0f : x); }  // NaN passes.

inline float Grey(float r, float g, float b) { return kRed * r + kGreen * g + kBlue * b; }

// The mean of x. 16 partial sums, so that the order of the additions is fixed
// and vectors can hold it.
double Mean(const float* x, int64_t n) {
  float partial[16] = {};
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) {
    for (int lane = 0; lane < 16; ++lane) partial[lane] += x[i + lane];
  }
  double sum = 0;
  for (float p : partial) sum += p;
  for (; i < n; ++i) sum += x[i];
  return sum / n;
}

}  // namespace

void Clip(float* x, int64_t n) {
  for (int64_t i = 0; i < n; ++i) x[i] = Clipped(x[i]);
}

void AdjustBrightness(float* image, const ImageShape& shape, float factor) {
  const int64_t n = shape.size();
  for (int64_t i = 0; i < n; ++i) image[i] = Clipped(factor * image[i]);
}

void AdjustContrast(float* image, const ImageShape& shape, float factor) {
  const int64_t plane = shape.plane(), n = shape.size();
  // The mean is linear: that of the grey image is the grey of the means.
  double mean = Mean(image, plane);
  if (shape.channels == 3) {
    mean =
        kRed * mean + kGreen * Mean(image + plane, plane) + kBlue * Mean(image + 2 * plane, plane);
  }
  const float offset = static_cast<float>((1.0 - factor) * mean);
  for (int64_t i = 0; i < n; ++i) image[i] = Clipped(factor * image[i] + offset);
}

void AdjustSaturation(float* image, const ImageShape& shape, float factor) {
  if (shape.channels == 1) return;
  const int64_t plane = shape.plane();
  float* __restrict red = image;
  float* __restrict green = image + plane;
  float* __restrict blue = image + 2 * plane;
  const float rest = static_cast<float>(1.0 - factor);
  for (int64_t i = 0; i < plane; ++i) {
    const float grey = rest * Grey(red[i], green[i], blue[i]);
    red[i] = Clipped(factor * red[i] + grey);
    green[i] = Clipped(factor * green[i] + grey);
    blue[i] = Clipped(factor * blue[i] + grey);
  }
}

void AdjustHue(float* image, const ImageShape& shape, float turn) {
  if (shape.channels == 1) return;
  const int64_t plane = shape.plane();
  float* __restrict red = image;
  float* __restrict green = image + plane;
  float* __restrict blue = image + 2 * plane;
  // To HSV: value = the greatest channel, chroma = greatest - least (= saturation * value), hue in
  // sixths of the circle. Back: channel = value - chroma * clip(min(k, 4 - k)) with k = (n + hue)
  // mod 6 and n = 5, 3, 1 for red, green, blue.
  const float shift = 6.0f * turn + 6.0f;
  for (int64_t i = 0; i < plane; ++i) {
    const float r = red[i], g = green[i], b = blue[i];
    const float gb = g > b ? g : b, least_gb = g > b ? b : g;
    const float value = r > gb ? r : gb;
    const float chroma = value - (r > least_gb ? least_gb : r);
    const float inverse = 1.0f / (chroma == 0.0f ? 1.0f : chroma);
    const float if_red = (g - b) * inverse;
    const float if_green = 2.0f + (b - r) * inverse;
    const float if_blue = 4.0f + (r - g) * inverse;
    const float hue =
        (value == r ? if_red : (value == g ? if_green : if_blue)) + shift;  // In [2, 14].
    const auto channel = [&](float n) {
      float k = n + hue;  // In [3, 19].
      k -= 6.0f * std::floor(k * (1.0f / 6.0f));
      const float fall = 4.0f - k;
      return value - chroma * Clipped(k < fall ? k : fall);
    };
    red[i] = channel(5.0f);
    green[i] = channel(3.0f);
    blue[i] = channel(1.0f);
  }
}

void Grayscale(float* image, const ImageShape& shape) {
  if (shape.channels == 1) return;
  const int64_t plane = shape.plane();
  float* __restrict red = image;
  float* __restrict green = image + plane;
  float* __restrict blue = image + 2 * plane;
  for (int64_t i = 0; i < plane; ++i) red[i] = green[i] = blue[i] = Grey(red[i], green[i], blue[i]);
}

void InvertAbove(float* image, const ImageShape& shape, float threshold) {
  const int64_t n = shape.size();
  for (int64_t i = 0; i < n; ++i) image[i] = image[i] >= threshold ? 1.0f - image[i] : image[i];
}

void NormalizeChannels(float* image, const ImageShape& shape, const float* mean,
                       const float* deviation) {
  const int64_t plane = shape.plane();
  for (int c = 0; c < shape.channels; ++c, image += plane) {
    const float scale = 1.0f / deviation[c], center = mean[c];
    for (int64_t i = 0; i < plane; ++i) image[i] = (image[i] - center) * scale;
  }
}

}  // namespace pretext
