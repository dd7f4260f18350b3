#include <png.h>
#include <zlib.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/image/image_io.h"

namespace pretext {
namespace {

// What every file begins with: a signature, and a chunk of the picture's size.
constexpr size_t kHeader = 8 + 25;
// The chunk after it, tEXt: a keyword of the standard and the program that wrote the file.
constexpr absl::string_view kMark("tEXtSoftware\0pretext", 20);

std::string BigEndian(uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
          static_cast<char>(value >> 8), static_cast<char>(value)};
}

std::string MarkChunk() {
  const uLong sum = crc32_z(0, reinterpret_cast<const Bytef*>(kMark.data()), kMark.size());
  return absl::StrCat(BigEndian(kMark.size() - 4), kMark, BigEndian(static_cast<uint32_t>(sum)));
}

}  // namespace

bool IsEncodedPng(absl::string_view first_bytes) {
  return absl::StrContains(first_bytes.substr(0, kHeader + 4 + kMark.size()), kMark);
}

std::string EncodePng(const float* image, const ImageShape& shape) {
  std::vector<uint8_t> interleaved(shape.size());
  for (int c = 0; c < shape.channels; ++c) {
    for (int64_t i = 0; i < shape.plane(); ++i) {
      const float x = image[c * shape.plane() + i];
      const float clipped = x > 0.0f ? (x < 1.0f ? x : 1.0f) : 0.0f;  // NaN gives 0.
      interleaved[i * shape.channels + c] = static_cast<uint8_t>(clipped * 255.0f + 0.5f);
    }
  }
  png_image header = {};
  header.version = PNG_IMAGE_VERSION;
  header.width = static_cast<png_uint_32>(shape.width);
  header.height = static_cast<png_uint_32>(shape.height);
  header.format = shape.channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  png_alloc_size_t bytes = PNG_IMAGE_PNG_SIZE_MAX(header);
  std::string png(bytes, '\0');
  const bool done =
      png_image_write_to_memory(&header, png.data(), &bytes, 0, interleaved.data(), 0, nullptr);
  png.resize(done ? bytes : 0);
  return done ? png.insert(kHeader, MarkChunk()) : png;
}

}  // namespace pretext
