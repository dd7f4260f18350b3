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

// The four pixels around a place and their weights; a pixel outside the image has weight 0 and a
// valid index.
struct Corners {
  int64_t index[4];
  float weight[4];
  float outside;  // 1 - the sum of the weights.
};

Corners CornersAt(float x, float y, const ImageShape& shape) {
  const float floor_x = std::floor(x), floor_y = std::floor(y);
  const float right = x - floor_x, below = y - floor_y;
  Corners corners;
  corners.outside = 1;
  for (int k = 0; k < 4; ++k) {
    const float column = floor_x + (k & 1), row = floor_y + (k >> 1);
    const bool inside = column >= 0 && column < shape.width && row >= 0 && row < shape.height;
    corners.weight[k] = inside ? ((k & 1) ? right : 1 - right) * ((k >> 1) ? below : 1 - below) : 0;
    corners.index[k] =
        inside ? static_cast<int64_t>(row) * shape.width + static_cast<int64_t>(column) : 0;
    corners.outside -= corners.weight[k];
  }
  return corners;
}

}  // namespace

void HorizontalFlip(float* image, const ImageShape& shape) {
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
  const double center_x = 0.5 * (shape.width - 1), center_y = 0.5 * (shape.height - 1);
  const int64_t plane = shape.plane();
  for (int row = 0; row < shape.height; ++row) {
    for (int column = 0; column < shape.width; ++column, ++out) {
      const double from_x = column - center_x, from_y = row - center_y;
      const auto x =
          static_cast<float>(inverse.xx * from_x + inverse.xy * from_y + inverse.x1 + center_x);
      const auto y =
          static_cast<float>(inverse.yx * from_x + inverse.yy * from_y + inverse.y1 + center_y);
      if (sampling == Sampling::kNearest) {
        const float near_x = std::nearbyint(x), near_y = std::nearbyint(y);
        const bool inside =
            near_x >= 0 && near_x < shape.width && near_y >= 0 && near_y < shape.height;
        const int64_t index =
            inside ? static_cast<int64_t>(near_y) * shape.width + static_cast<int64_t>(near_x) : 0;
        for (int c = 0; c < shape.channels; ++c)
          out[c * plane] = inside ? image[c * plane + index] : fill;
      } else {
        const Corners corners = CornersAt(x, y, shape);
        for (int c = 0; c < shape.channels; ++c) {
          float sum = corners.outside * fill;
          for (int k = 0; k < 4; ++k)
            sum += corners.weight[k] * image[c * plane + corners.index[k]];
          out[c * plane] = sum;
        }
      }
    }
  }
}

}  // namespace pretext
