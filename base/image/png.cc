#include "base/image/png.h"

#include <png.h>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/image/planes.h"

namespace pretext {
namespace {

// Deflate makes at most 1032 bytes of one, and a byte may hold 8 pixels.
constexpr int64_t kPixelsPerByte = 1032 * 8;

}  // namespace

bool IsPng(absl::string_view bytes) { return absl::StartsWith(bytes, "\x89PNG\r\n\x1a\n"); }

absl::Status DecodePng(absl::string_view bytes, int channels, Picture& picture) {
  png_image image = {};
  image.version = PNG_IMAGE_VERSION;
  const absl::Cleanup free = [&image] { png_image_free(&image); };
  const auto fault = [&image] {
    return absl::InvalidArgumentError(absl::StrCat("a damaged PNG: ", image.message));
  };
  if (!png_image_begin_read_from_memory(&image, bytes.data(), bytes.size())) return fault();
  const auto size = static_cast<int64_t>(bytes.size());
  if (auto status = CheckSize("PNG", image.height, image.width, size, kPixelsPerByte);
      !status.ok()) {
    return status;
  }
  // Alpha is asked for where there is some: otherwise libpng would lay the picture on black.
  const bool color = image.format & PNG_FORMAT_FLAG_COLOR;
  image.format = (color ? PNG_FORMAT_FLAG_COLOR : 0) | (image.format & PNG_FORMAT_FLAG_ALPHA);
  image.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
  const auto found = static_cast<int>(PNG_IMAGE_SAMPLE_CHANNELS(image.format));
  thread_local std::vector<uint8_t> interleaved;
  interleaved.resize(PNG_IMAGE_SIZE(image));
  if (!png_image_finish_read(&image, nullptr, interleaved.data(), 0, nullptr)) return fault();
  ResizePicture(ChannelsOf(channels, found), image.height, image.width, picture);
  for (int64_t y = 0; y < picture.shape.height; ++y) {
    PutRow(interleaved.data() + y * picture.shape.width * found, found, y, picture);
  }
  return absl::OkStatus();
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
  return png;
}

}  // namespace pretext
