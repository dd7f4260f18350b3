// Pictures from and to files: PNG and JPEG are read, PNG is written.
//
// Errors: whatever is wrong with the bytes (another format, cut short, damaged, a size that cannot
// be meant) is a Status that says so. The caller adds the file's name. Memory stays within a small
// factor of the picture's size, which is at most kMaxPixels.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/image/image.h"

namespace pretext {

inline constexpr int64_t kMaxPixels = int64_t{1} << 26;  // Height x width, 8192 x 8192.

// A picture as planar bytes.
struct Picture {
  ImageShape shape;
  std::vector<uint8_t> pixels;  // C x H x W, 0 to 255.
};

// Decodes a PNG or a JPEG, told apart by their first bytes, into `channels` planes: 1 is grey, 3 is
// red, green, blue, 0 is what the file has. Colour becomes grey by 0.299 R + 0.587 G + 0.114 B,
// grey becomes colour by repetition. Transparency is dropped, 16-bit values are rounded to 8 bits.
// `picture` keeps its memory from one call to the next.
//
// `least_side` above 0 lets a JPEG come at a half, a quarter or an eighth of its size, both sides
// still at least that: several times faster where the picture will be made smaller anyway.
absl::Status DecodePicture(absl::string_view bytes, int channels, Picture& picture,
                           int least_side = 0);

// The file's picture, or an error that begins with its path. `bytes` is the buffer it is read into.
absl::Status ReadPicture(const std::string& path, int channels, std::string& bytes,
                         Picture& picture, int least_side = 0);

// The picture of values in [0, 1] (C x H x W, C = 1 or 3; what is outside is clipped, NaN is black)
// as a PNG with 8 bits a value.
std::string EncodePng(const float* image, const ImageShape& shape);

// Writes it to a file, whose folder must exist: whole, or not at all (base/file/file_writer.h).
absl::Status WritePng(const std::string& path, const float* image, const ImageShape& shape);

}  // namespace pretext
