#include "base/image/planes.h"

#include <vector>

#include "absl/strings/str_cat.h"

namespace pretext {
namespace {

constexpr int64_t kAnyDensity = int64_t{1} << 24;

// 0.299 R + 0.587 G + 0.114 B in 16-bit fixed point, rounded, as Pillow's.
uint8_t GreyOf(const uint8_t* rgb) {
  return static_cast<uint8_t>((rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 0x8000) >> 16);
}

// value * alpha / 255 + under * (1 - alpha / 255), rounded.
uint8_t Laid(int value, int under, int alpha) {
  const int sum = value * alpha + under * (255 - alpha) + 128;
  return static_cast<uint8_t>((sum + (sum >> 8)) >> 8);
}

// Colours of W pixels that have `found` - 1 of them and then alpha, on the background. Returns
// whether any was transparent.
bool LayOnBackground(const uint8_t* interleaved, int found, int64_t width,
                     const DecodeOptions& options, std::vector<uint8_t>& rgb) {
  rgb.resize(static_cast<size_t>(width) * 3);
  const int step = found == 4 ? 1 : 0;
  bool transparent = false;
  for (int64_t x = 0; x < width; ++x, interleaved += found) {
    const uint8_t alpha = interleaved[found - 1];
    transparent |= alpha < 255;
    for (int c = 0; c < 3; ++c) {
      rgb[static_cast<size_t>(x * 3 + c)] =
          Laid(interleaved[c * step], options.background[static_cast<size_t>(c)], alpha);
    }
  }
  return transparent;
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
  if (pixels_per_byte == 0) pixels_per_byte = height * width <= kAnyDensity ? kAnyDensity : 4096;
  if (height * width / pixels_per_byte > bytes) {
    return fault(absl::StrCat("which cannot be in its ", bytes, " bytes: damaged or cut short"));
  }
  return absl::OkStatus();
}

void ResizePicture(int channels, int64_t height, int64_t width, Picture& picture) {
  picture.shape = {channels, static_cast<int>(height), static_cast<int>(width)};
  picture.pixels.resize(picture.shape.size());
}

void PutRow(const uint8_t* interleaved, int found, int64_t y, const DecodeOptions& options,
            Picture& picture) {
  const int64_t width = picture.shape.width, plane = picture.shape.plane();
  if (found == 2 || found == 4) {
    thread_local std::vector<uint8_t> rgb;
    picture.transparent |= LayOnBackground(interleaved, found, width, options, rgb);
    interleaved = rgb.data();
    found = 3;
  }
  uint8_t* row = picture.pixels.data() + y * width;
  if (picture.shape.channels == 1 && found == 3) {
    for (int64_t x = 0; x < width; ++x) row[x] = GreyOf(interleaved + x * 3);
    return;
  }
  for (int c = 0; c < picture.shape.channels; ++c, row += plane) {
    const uint8_t* channel = interleaved + (found == 3 ? c : 0);
    for (int64_t x = 0; x < width; ++x) row[x] = channel[x * found];
  }
}

}  // namespace pretext
