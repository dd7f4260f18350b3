#include "datasets/image_folder/picture_loader.h"

#include <algorithm>
#include <cmath>
#include <new>

#include "absl/strings/numbers.h"
#include "base/image/image_io.h"
#include "kernels/image/resize.h"

namespace pretext {
namespace {

// The largest part of a picture, in its middle, with the proportions of `shape`.
CropBox CentralPart(const ImageShape& picture, const ImageShape& shape) {
  CropBox box{.height = picture.height, .width = picture.width};
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

// What a thread reuses from one picture to the next.
struct Workspace {
  std::string bytes;
  Picture picture;
  std::vector<float> part, resized;
  ResizeScratch resize;
};

void Resize(const ImageShape& shape, PictureFit fit, Workspace& work, uint8_t* out) {
  const ImageShape& from = work.picture.shape;
  const CropBox box = fit == PictureFit::kCrop
                          ? CentralPart(from, shape)
                          : CropBox{.height = from.height, .width = from.width};
  const ImageShape part{shape.channels, box.height, box.width};
  work.part.resize(static_cast<size_t>(part.size()));
  float* to = work.part.data();
  for (int c = 0; c < shape.channels; ++c) {
    for (int y = box.top; y < box.top + box.height; ++y, to += box.width) {
      const uint8_t* row =
          &work.picture.pixels[static_cast<size_t>(c * from.plane() + int64_t{y} * from.width)];
      std::copy_n(row + box.left, box.width, to);
    }
  }
  work.resized.resize(static_cast<size_t>(shape.size()));
  ResizedCrop(work.part.data(), part, {.height = box.height, .width = box.width}, shape.height,
              shape.width, Interpolation::kBilinear, /*clip=*/false, work.resize,
              work.resized.data());
  // Bilinear weights are not negative and sum to 1: the result lies in [0, 255], within rounding.
  for (const float x : work.resized) *out++ = static_cast<uint8_t>(std::min(x + 0.5f, 255.0f));
}

void LoadOne(const std::string& path, const PictureTarget& target, const DecodeOptions& options,
             Workspace& work, uint8_t* row, LoadedPicture& loaded) {
  try {
    loaded.status = ReadPicture(path, options, work.bytes, work.picture);
    if (!loaded.status.ok()) return;
    loaded.transparent = work.picture.transparent;
    loaded.turned = work.picture.turned;
    Resize(target.shape, target.fit, work, row);
  } catch (const std::bad_alloc&) {
    loaded.status = absl::ResourceExhaustedError(path + ": there is no memory for it");
  }
}

}  // namespace

bool ParseColor(absl::string_view text, std::array<uint8_t, 3>& color) {
  if (text.size() != 7 || text[0] != '#') return false;
  if (text.find_first_not_of("0123456789abcdefABCDEF", 1) != absl::string_view::npos) return false;
  uint32_t value = 0;
  if (!absl::SimpleHexAtoi(text.substr(1), &value)) return false;
  for (size_t i = 0; i < color.size(); ++i) color[i] = static_cast<uint8_t>(value >> (16 - 8 * i));
  return true;
}

std::vector<LoadedPicture> LoadPictures(const std::vector<std::string>& paths,
                                        const PictureTarget& target, uint8_t* pixels) {
  std::vector<LoadedPicture> loaded(paths.size());
  // Twice the size asked for is enough to resize from.
  const DecodeOptions options{.channels = target.shape.channels,
                              .least_side = 2 * std::max(target.shape.height, target.shape.width),
                              .background = target.background};
#pragma omp parallel
  {
    Workspace work;
#pragma omp for schedule(dynamic, 4)
    for (int64_t i = 0; i < static_cast<int64_t>(paths.size()); ++i) {
      LoadOne(paths[static_cast<size_t>(i)], target, options, work,
              pixels + i * target.shape.size(), loaded[static_cast<size_t>(i)]);
    }
  }
  return loaded;
}

}  // namespace pretext
