#include "datasets/image_folder/picture_resize.h"

#include <algorithm>
#include <cmath>

namespace pretext {

CropBox PartFor(const ImageShape& picture, const ImageShape& shape, PictureFit fit) {
  CropBox box{.height = picture.height, .width = picture.width};
  if (fit == PictureFit::kStretch) return box;
  const double width_to_height = static_cast<double>(shape.width) / shape.height;
  if (picture.width > picture.height * width_to_height) {
    box.width = static_cast<int>(std::lround(picture.height * width_to_height));
  } else {
    box.height = static_cast<int>(std::lround(picture.width / width_to_height));
  }
  box.width = std::clamp(box.width, 1, picture.width);
  box.height = std::clamp(box.height, 1, picture.height);
  box.top = (picture.height - box.height) / 2;
  box.left = (picture.width - box.width) / 2;
  return box;
}

void ResizePart(const uint8_t* pixels, const ImageShape& picture, const CropBox& box, int height,
                int width, Interpolation interpolation, PictureScratch& scratch, float* out) {
  const ImageShape part{picture.channels, box.height, box.width};
  scratch.part.resize(static_cast<size_t>(part.size()));
  float* to = scratch.part.data();
  for (int c = 0; c < part.channels; ++c) {
    for (int y = box.top; y < box.top + box.height; ++y, to += box.width) {
      const uint8_t* row = pixels + c * picture.plane() + int64_t{y} * picture.width;
      std::copy_n(row + box.left, box.width, to);
    }
  }
  ResizedCrop(scratch.part.data(), part, {.height = box.height, .width = box.width}, height, width,
              interpolation, /*clip=*/false, scratch.resize, out);
}

void ResizeToBytes(const uint8_t* pixels, const ImageShape& picture, const ImageShape& shape,
                   PictureFit fit, PictureScratch& scratch, uint8_t* out) {
  thread_local std::vector<float> resized;
  resized.resize(static_cast<size_t>(shape.size()));
  ResizePart(pixels, picture, PartFor(picture, shape, fit), shape.height, shape.width,
             Interpolation::kBilinear, scratch, resized.data());
  // Bilinear weights are not negative and sum to 1: the result lies in [0, 255], within rounding.
  for (const float x : resized) *out++ = static_cast<uint8_t>(std::min(x + 0.5f, 255.0f));
}

}  // namespace pretext
