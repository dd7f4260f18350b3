#include "bench/pictures/generated_jpegs.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <vector>

// libjpeg's header needs FILE.
#include <jpeglib.h>

#include "absl/strings/str_cat.h"
#include "base/file/file_writer.h"
#include "base/file/folder.h"
#include "base/random/random.h"
#include "kernels/image/resize.h"

namespace pretext {
namespace {

constexpr int kClasses = 4;

std::string PathOf(const std::string& folder, int64_t number) {
  return absl::StrCat(folder, "/", number % kClasses, "/", number, ".jpg");
}

}  // namespace

std::string GeneratedJpeg(int height, int width, int quality, uint64_t number) {
  Random random({.seed = 1, .sample = number});
  const ImageShape small{3, 24, 32};
  std::vector<float> patches(static_cast<size_t>(small.size()));
  for (float& x : patches) x = random.Uniform(0, 255);
  std::vector<float> image(static_cast<size_t>(3) * height * width);
  ResizeScratch scratch;
  ResizedCrop(patches.data(), small, {.height = small.height, .width = small.width}, height, width,
              Interpolation::kBicubic, /*clip=*/false, scratch, image.data());

  jpeg_compress_struct info = {};
  jpeg_error_mgr errors = {};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &bytes, &size);
  info.image_height = static_cast<JDIMENSION>(height);
  info.image_width = static_cast<JDIMENSION>(width);
  info.input_components = 3;
  info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, quality, TRUE);
  jpeg_start_compress(&info, TRUE);
  std::vector<unsigned char> row(static_cast<size_t>(width) * 3);
  const size_t plane = static_cast<size_t>(height) * width;
  while (info.next_scanline < info.image_height) {
    for (size_t i = 0; i < row.size(); ++i) {
      const float x =
          image[i % 3 * plane + info.next_scanline * static_cast<size_t>(width) + i / 3];
      row[i] = static_cast<unsigned char>(std::clamp(x + 0.5f, 0.0f, 255.0f));
    }
    unsigned char* pointer = row.data();
    jpeg_write_scanlines(&info, &pointer, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  std::string jpeg(reinterpret_cast<char*>(bytes), size);
  std::free(bytes);
  return jpeg;
}

absl::Status WriteGeneratedJpegs(const std::string& folder, int64_t count, int64_t different) {
  for (int c = 0; c < kClasses; ++c) {
    if (absl::Status status = MakeFolders(absl::StrCat(folder, "/", c)); !status.ok())
      return status;
  }
  for (int64_t i = 0; i < count; ++i) {
    const std::string path = PathOf(folder, i);
    if (i >= different) {
      const std::string from = PathOf(folder, i % different);
      if (link(from.c_str(), path.c_str()) != 0) {
        return absl::ErrnoToStatus(errno, absl::StrCat(path, ": cannot be linked to ", from));
      }
      continue;
    }
    absl::Status status = AppendToFile(path, GeneratedJpeg(375, 500, 90, static_cast<uint64_t>(i)));
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace pretext
