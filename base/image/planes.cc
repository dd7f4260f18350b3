#include "base/image/planes.h"

#include "absl/strings/str_cat.h"

namespace pretext {
namespace {

// 0.299 R + 0.587 G + 0.114 B in 16-bit fixed point, rounded, as Pillow's.
uint8_t GreyOf(const uint8_t* rgb) {
  return static_cast<uint8_t>((rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 0x8000) >> 16);
}

}  // namespace

absl::Status CheckSize(absl::string_view format, int64_t height, int64_t width, int64_t bytes,
                       int64_t pixels_per_byte) {
  const auto fault = [&](absl::string_view reason) {
    return absl::InvalidArgumentError(
        absl::StrCat("a ", format, " of ", height, " x ", width, " pixels, ", reason));
  };
  if (height < 1 || width < 1) return fault("which has none");
  if (height > kMaxPixels / width) return fault(absl::StrCat("more than ", kMaxPixels));
  if (height * width / pixels_per_byte > bytes) {
    return fault(absl::StrCat("which cannot be in its ", bytes, " bytes: damaged or cut short"));
  }
  return absl::OkStatus();
}

void ResizePicture(int channels, int64_t height, int64_t width, Picture& picture) {
  picture.shape = {channels, static_cast<int>(height), static_cast<int>(width)};
  picture.pixels.resize(picture.shape.size());
}

void PutRow(const uint8_t* interleaved, int found, int64_t y, Picture& picture) {
  const int64_t width = picture.shape.width, plane = picture.shape.plane();
  uint8_t* row = picture.pixels.data() + y * width;
  if (picture.shape.channels == 1 && found >= 3) {
    for (int64_t x = 0; x < width; ++x) row[x] = GreyOf(interleaved + x * found);
    return;
  }
  for (int c = 0; c < picture.shape.channels; ++c, row += plane) {
    const uint8_t* channel = interleaved + (found >= 3 ? c : 0);
    for (int64_t x = 0; x < width; ++x) row[x] = channel[x * found];
  }
}

}  // namespace pretext
