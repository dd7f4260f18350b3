#include "kernels/image/geometry.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace pretext {
namespace {

// Takes a pixel of the result, relative to the centre, to its place in the source, relative to the
// centre: the inverse of T(t) R(degrees) S(scale) ShearY ShearX.
struct InverseMap {
  double xx, xy, x1, yx, yy, y1;

  explicit InverseMap(const AffineParameters& map) {
    constexpr double kRadians = std::numbers::pi / 180;
    const double rotation = map.degrees * kRadians, shear_x = map.shear_x * kRadians,
                 shear_y = map.shear_y * kRadians;
    const double a = std::cos(rotation - shear_y) / std::cos(shear_y);
    const double b = -(a * std::tan(shear_x) + std::sin(rotation));
    const double c = std::sin(rotation - shear_y) / std::cos(shear_y);
    const double d = std::cos(rotation) - c * std::tan(shear_x);
    xx = d / map.scale;  // The determinant of [a b; c d] is 1.
    xy = -b / map.scale;
    yx = -c / map.scale;
    yy = a / map.scale;
    x1 = -xx * map.translate_x - xy * map.translate_y;
    y1 = -yx * map.translate_x - yy * map.translate_y;
  }
};

constexpr int kChunk = 16;  // Columns whose places are found together, in vectors.

// Along one axis, for each of kChunk places: the pixels around it and their weights. A pixel
// outside the image has weight 0 and the index of the nearest one inside.
template <int kPixels>
struct Neighbors {
  int index[kPixels][kChunk];
  float weight[kPixels][kChunk];

  void Set(int pixel, int i, float at, float share, float extent) {
    weight[pixel][i] = (at < 0.0f ? 0.0f : share) * (at < extent ? 1.0f : 0.0f);
    const float not_below = at > 0.0f ? at : 0.0f;
    index[pixel][i] = static_cast<int>(not_below < extent ? not_below : extent - 1.0f);
  }
};

void FindNeighbors(const float* x, float extent, Neighbors<1>& neighbors) {
  for (int i = 0; i < kChunk; ++i) neighbors.Set(0, i, std::rint(x[i]), 1.0f, extent);
}

void FindNeighbors(const float* x, float extent, Neighbors<2>& neighbors) {
  for (int i = 0; i < kChunk; ++i) {
    const float low = std::floor(x[i]);
    neighbors.Set(0, i, low, 1.0f - (x[i] - low), extent);
    neighbors.Set(1, i, low + 1.0f, x[i] - low, extent);
  }
}

// kPixels along each axis: 1 takes the nearest, 2 mixes bilinearly.
template <int kPixels>
void Warp(const float* image, const ImageShape& shape, const InverseMap& inverse, float fill,
          float* out) {
  const double center_x = 0.5 * (shape.width - 1), center_y = 0.5 * (shape.height - 1);
  Neighbors<kPixels> columns, rows;
  float x[kChunk], y[kChunk];
  for (int row = 0; row < shape.height; ++row, out += shape.width) {
    for (int begin = 0; begin < shape.width; begin += kChunk) {
      for (int i = 0; i < kChunk; ++i) {
        const double from_x = begin + i - center_x, from_y = row - center_y;
        x[i] =
            static_cast<float>(inverse.xx * from_x + inverse.xy * from_y + inverse.x1 + center_x);
        y[i] =
            static_cast<float>(inverse.yx * from_x + inverse.yy * from_y + inverse.y1 + center_y);
      }
      FindNeighbors(x, static_cast<float>(shape.width), columns);
      FindNeighbors(y, static_cast<float>(shape.height), rows);
      const int end = std::min(kChunk, shape.width - begin);
      for (int c = 0; c < shape.channels; ++c) {
        const float* source = image + c * shape.plane();
        float* row_out = out + c * shape.plane() + begin;
        for (int i = 0; i < end; ++i) {
          float sum = 0, inside = 0;
          for (int k = 0; k < kPixels * kPixels; ++k) {
            const int p = k / kPixels, q = k % kPixels;
            const float weight = rows.weight[p][i] * columns.weight[q][i];
            inside += weight;
            sum += weight * source[int64_t{rows.index[p][i]} * shape.width + columns.index[q][i]];
          }
          sum += (1.0f - inside) * fill;
          row_out[i] = sum;
        }
      }
    }
  }
}

}  // namespace

void FlipHorizontally(float* image, const ImageShape& shape) {
  const int64_t rows = int64_t{shape.channels} * shape.height;
  for (int64_t y = 0; y < rows; ++y, image += shape.width) std::reverse(image, image + shape.width);
}

void Erase(float* image, const ImageShape& shape, const CropBox& box, const float* value) {
  for (int c = 0; c < shape.channels; ++c, image += shape.plane()) {
    float* row = image + int64_t{box.top} * shape.width + box.left;
    for (int y = 0; y < box.height; ++y, row += shape.width) std::fill_n(row, box.width, value[c]);
  }
}

void Affine(const float* image, const ImageShape& shape, const AffineParameters& map,
            Sampling sampling, float fill, float* out) {
  const InverseMap inverse(map);
  if (sampling == Sampling::kNearest) {
    Warp<1>(image, shape, inverse, fill, out);
  } else {
    Warp<2>(image, shape, inverse, fill, out);
  }
}

}  // namespace pretext
