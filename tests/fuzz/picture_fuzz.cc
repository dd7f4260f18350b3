#include <zlib.h>

#include "absl/strings/match.h"
#include "base/image/image_io.h"
#include "gtest/gtest.h"
#include "tests/fuzz/fuzz.h"

namespace pretext::testing {
namespace {

uint32_t BigEndian(const std::string& bytes, size_t at) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<uint8_t>(bytes[at + i]);
  return value;
}

}  // namespace

bool ReadFuzzed(const std::string& bytes) {
  DecodeOptions options;
  options.channels = static_cast<int>(bytes.size() % 3) * 3 / 2;  // 0, 1 or 3
  options.least_side = static_cast<int>(bytes.size() % 8);
  Picture picture;
  const absl::Status status = DecodePicture(bytes, options, picture);
  if (!status.ok()) {
    EXPECT_FALSE(status.message().empty());
    return false;
  }
  EXPECT_EQ(static_cast<int64_t>(picture.pixels.size()), picture.shape.size());
  EXPECT_TRUE(picture.shape.channels == 1 || picture.shape.channels == 3);
  EXPECT_GE(picture.shape.height, 1);
  EXPECT_GE(picture.shape.width, 1);
  EXPECT_LE(picture.shape.plane(), kMaxPixels);
  EXPECT_TRUE(options.channels == 0 || picture.shape.channels == options.channels);
  return true;
}

// Of a PNG's chunks: length, kind, data, and a checksum of kind and data.
void FitChecksums(std::string& bytes) {
  if (!absl::StartsWith(bytes, "\x89PNG")) return;
  for (size_t at = 8; at + 12 <= bytes.size();) {
    const size_t length = BigEndian(bytes, at);
    if (length > bytes.size() - at - 12) return;
    const auto* kind = reinterpret_cast<const Bytef*>(bytes.data() + at + 4);
    const auto sum = static_cast<uint32_t>(crc32(0, kind, static_cast<uInt>(length + 4)));
    for (size_t i = 0; i < 4; ++i) {
      bytes[at + 8 + length + i] = static_cast<char>(sum >> (24 - 8 * i));
    }
    at += 12 + length;
  }
}

}  // namespace pretext::testing
