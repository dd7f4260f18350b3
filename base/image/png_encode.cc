#include <png.h>

#include "base/image/image_io.h"

namespace pretext {

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
