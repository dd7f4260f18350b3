#include "datasets/image_folder/folder_picture.h"

#include <algorithm>
#include <atomic>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/file/read_file.h"

namespace pretext {
namespace {

// What a thread has decoded of one picture, by reduction: 1, 2, 4 and 8. Views of a picture that
// need the same take the same.
struct Decoded {
  uint64_t serial = 0;
  bool there[9] = {};
  Picture pictures[9];
};

uint64_t NextSerial() {
  static std::atomic<uint64_t> last = 0;
  return ++last;
}

// The box of the picture as it is in the picture with divided sides, to whole pixels: of twice as
// many as the result has, so that no edge moves by more than a quarter of one of its pixels.
CropBox Divided(const CropBox& box, int reduction, const ImageShape& shape) {
  if (reduction == 1) return box;
  const auto divided = [reduction](int x) {
    return static_cast<int>(std::lround(static_cast<double>(x) / reduction));
  };
  CropBox small{.top = divided(box.top), .left = divided(box.left)};
  small.height = std::min(divided(box.top + box.height), shape.height) - small.top;
  small.width = std::min(divided(box.left + box.width), shape.width) - small.left;
  return small;
}

PictureScratch& Scratch() {
  thread_local PictureScratch scratch;
  return scratch;
}

}  // namespace

int ReductionFor(const CropBox& box, int height, int width) {
  int reduction = 1;
  while (reduction < 8 && box.height >= 4 * reduction * height &&
         box.width >= 4 * reduction * width) {
    reduction *= 2;
  }
  return reduction;
}

double KeptByThread(const LoadedPicture& picture, const ImageShape& target, bool held, bool crops) {
  const double height = picture.height, width = picture.width;
  const double whole = target.channels * height * width;
  // A JPEG that is large beside the target is reduced; all else is decoded as it is.
  const bool reduced = picture.reduction > 1;
  const double part = whole / (picture.reduction * picture.reduction);
  double decoded = !held || reduced ? part : 0, resized = part;
  if (crops && held) resized = whole;
  if (crops && !held && reduced) {
    decoded = whole * (1 + 1.0 / 4 + 1.0 / 16 + 1.0 / 64);
    // Of its shorter way less than four times the target's (ReductionFor), but of an eighth of it.
    const double side = 4.0 * std::max(target.height, target.width);
    const double box =
        target.channels * side * side * std::max(height, width) / std::min(height, width);
    resized = std::min(whole, std::max(box, whole / 64));
  }
  return decoded + sizeof(float) * resized;
}

absl::StatusOr<std::string> ReadFound(const std::string& path, const LoadedPicture& found) {
  absl::StatusOr<std::string> bytes = ReadFile(path);
  if (!bytes.ok() || ContentOf(*bytes) == found.content) return bytes;
  return ChangedSince(path, found);
}

FolderPicture::FolderPicture(const std::string& path, const LoadedPicture& found, std::string bytes,
                             const uint8_t* pixels, const PictureTarget& target,
                             const PixelScale& scale)
    : path_(path),
      found_(found),
      bytes_(std::move(bytes)),
      pixels_(pixels),
      target_(target),
      scale_(scale),
      serial_(NextSerial()) {}

absl::StatusOr<const Picture*> FolderPicture::Decode(int reduction) {
  thread_local Decoded decoded;
  if (decoded.serial != serial_) {
    std::fill_n(decoded.there, std::size(decoded.there), false);
    decoded.serial = serial_;
  }
  if (bytes_.empty()) {
    absl::StatusOr<std::string> bytes = ReadFound(path_, found_);
    if (!bytes.ok()) return bytes.status();
    bytes_ = *std::move(bytes);
  }
  if (FormatOf(bytes_).name != "JPEG") reduction = 1;
  if (decoded.there[reduction]) return &decoded.pictures[reduction];
  Picture& picture = decoded.pictures[reduction];
  DecodeOptions options = OptionsFor(target_);
  options.reduction = reduction;
  if (absl::Status status = DecodePicture(bytes_, options, picture); !status.ok()) {
    return absl::Status(status.code(), absl::StrCat(path_, ": ", status.message()));
  }
  if (picture.full_height != found_.height || picture.full_width != found_.width) {
    return ChangedSince(path_, found_);
  }
  decoded.there[reduction] = true;
  return &decoded.pictures[reduction];
}

absl::Status FolderPicture::MakeCrop(const CropBox& box, int height, int width,
                                     Interpolation interpolation, std::vector<float>& values) {
  const int channels = target_.shape.channels;
  values.resize(static_cast<size_t>(channels) * height * width);
  ImageShape shape{channels, found_.height, found_.width};
  const uint8_t* pixels = pixels_;
  CropBox part = box;
  if (pixels == nullptr) {
    const absl::StatusOr<const Picture*> picture = Decode(ReductionFor(box, height, width));
    if (!picture.ok()) return picture.status();
    pixels = (*picture)->pixels.data();
    shape = (*picture)->shape;
    part = Divided(box, (*picture)->reduction, shape);
  }
  ResizePart(pixels, shape, part, height, width, interpolation, Scratch(), values.data());
  const size_t plane = static_cast<size_t>(height) * width;
  float* value = values.data();
  for (size_t c = 0; c < static_cast<size_t>(channels); ++c) {
    const float factor = scale_.factor[c], offset = scale_.offset[c];
    for (size_t i = 0; i < plane; ++i, ++value) {
      *value = std::clamp(*value, 0.0f, 255.0f) / 255.0f * factor + offset;
    }
  }
  return absl::OkStatus();
}

absl::Status FolderPicture::MakeWhole(std::vector<float>& values) {
  values.resize(static_cast<size_t>(target_.shape.size()));
  thread_local std::vector<uint8_t> row;
  row.resize(values.size());
  ImageShape shape{target_.shape.channels, found_.height, found_.width};
  const uint8_t* pixels = pixels_;
  // A JPEG that is resized from a part of its size is so wherever its pixels are: the sample is the
  // same, bit for bit.
  if (pixels == nullptr || found_.reduction > 1) {
    const absl::StatusOr<const Picture*> picture = Decode(found_.reduction);
    if (!picture.ok()) return picture.status();
    pixels = (*picture)->pixels.data();
    shape = (*picture)->shape;
  }
  ResizeToBytes(pixels, shape, target_.shape, target_.fit, Scratch(), row.data());
  ScalePixels(scale_, row.data(), target_.shape.plane(), values.data());
  return absl::OkStatus();
}

}  // namespace pretext
