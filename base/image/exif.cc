#include "base/image/exif.h"

#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/strip.h"

namespace pretext {
namespace {

constexpr uint64_t kOrientationTag = 0x0112;
constexpr uint64_t kShort = 3, kLong = 4;  // The types of a value that we take.

// Unsigned integers in the byte order of the block; beyond its end there are zeros.
class Tiff {
 public:
  Tiff(absl::string_view bytes, bool big_endian) : bytes_(bytes), big_endian_(big_endian) {}

  uint64_t At(uint64_t offset, int size) const {
    uint64_t value = 0;
    for (int i = 0; i < size; ++i) {
      const uint64_t at = offset + static_cast<uint64_t>(big_endian_ ? i : size - 1 - i);
      value = value << 8 | (at < bytes_.size() ? static_cast<uint8_t>(bytes_[at]) : 0);
    }
    return value;
  }

 private:
  const absl::string_view bytes_;
  const bool big_endian_;
};

// The value of the tag, 0 where it is none that we take; nothing without such a tag.
std::optional<uint64_t> ExifOrientation(absl::string_view exif) {
  absl::ConsumePrefix(&exif, absl::string_view("Exif\0\0", 6));
  if (exif.size() < 8) return std::nullopt;
  const bool big_endian = exif[0] == 'M';
  if (exif.substr(0, 4) != absl::string_view(big_endian ? "MM\0*" : "II*\0", 4)) {
    return std::nullopt;
  }
  const Tiff tiff(exif, big_endian);
  const uint64_t folder = tiff.At(4, 4);
  const uint64_t entries = tiff.At(folder, 2);
  for (uint64_t i = 0; i < entries; ++i) {
    // Each entry: its tag, type, count and value.
    const uint64_t entry = folder + 2 + 12 * i;
    if (tiff.At(entry, 2) != kOrientationTag) continue;
    const uint64_t type = tiff.At(entry + 2, 2);
    return type == kShort ? tiff.At(entry + 8, 2) : type == kLong ? tiff.At(entry + 8, 4) : 0;
  }
  return std::nullopt;
}

// The first digit after tiff:Orientation=" or tiff:Orientation>; nothing where there is none.
std::optional<uint64_t> XmpOrientation(absl::string_view xmp) {
  constexpr absl::string_view kName = "tiff:Orientation";
  for (size_t at = xmp.find(kName); at != absl::string_view::npos; at = xmp.find(kName, at)) {
    at += kName.size();
    absl::string_view rest = xmp.substr(at);
    const bool value = absl::ConsumePrefix(&rest, "=\"") || absl::ConsumePrefix(&rest, ">");
    if (value && !rest.empty() && absl::ascii_isdigit(rest[0])) {
      return static_cast<uint64_t>(rest[0] - '0');
    }
  }
  return std::nullopt;
}

}  // namespace

int OrientationOf(absl::string_view exif, absl::string_view xmp) {
  std::optional<uint64_t> value = ExifOrientation(exif);
  if (!value) value = XmpOrientation(xmp);
  return value && *value >= 1 && *value <= 8 ? static_cast<int>(*value) : 1;
}

void Turn(int orientation, Picture& picture) {
  const ImageShape from = picture.shape;
  const bool transposed = orientation >= 5;
  // Where the upright picture's first pixel is, and what a step right and down is, in pixels.
  const int64_t width = from.width, right_end = width - 1;
  const int64_t bottom = width * (from.height - 1);
  const bool from_right =
      orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool from_bottom =
      orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const int64_t across = from_right ? -1 : 1, down = from_bottom ? -width : width;
  const int64_t first = (from_right ? right_end : 0) + (from_bottom ? bottom : 0);
  picture.turned = true;
  if (transposed) {
    std::swap(picture.shape.height, picture.shape.width);
    std::swap(picture.full_height, picture.full_width);
  }
  const int64_t step_x = transposed ? down : across, step_y = transposed ? across : down;
  const std::vector<uint8_t> pixels = picture.pixels;
  uint8_t* to = picture.pixels.data();
  for (int c = 0; c < from.channels; ++c) {
    const uint8_t* const plane = pixels.data() + c * from.plane() + first;
    for (int64_t y = 0; y < picture.shape.height; ++y) {
      const uint8_t* const row = plane + y * step_y;
      for (int64_t x = 0; x < picture.shape.width; ++x) *to++ = row[x * step_x];
    }
  }
}

}  // namespace pretext
