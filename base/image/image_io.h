// Pictures from and to files: PNG, JPEG, WebP and BMP are read, PNG is written.
//
// The pixels are those that Pillow and torchvision read: gamma, colour profiles and thumbnails are
// ignored, CMYK is taken as Adobe writes it, of 16 bits the upper 8 are taken, of an animation the
// first frame, and the picture is turned as its EXIF orientation says, or where it has none its XMP
// (ImageOps.exif_transpose; torchvision's apply_exif_orientation goes by EXIF alone). One thing is
// other than there: what is transparent lies on a background, in place of the colours that happen
// to be hidden under it.
//
// Errors: whatever is wrong with the bytes (another format, cut short, damaged, a size that cannot
// be meant) is a Status that says so. The caller adds the file's name. Memory stays within a small
// factor of the picture's size, which is at most kMaxPixels.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/image/image.h"

namespace pretext {

// Height x width. Beyond it Pillow, too, takes a picture for an attack on the machine's memory.
inline constexpr int64_t kMaxPixels = 178956970;

// A picture as planar bytes.
struct Picture {
  ImageShape shape;
  std::vector<uint8_t> pixels;          // C x H x W, 0 to 255.
  bool transparent = false;             // Something of it was, and lies on the background.
  bool turned = false;                  // Its orientation was not the upright one.
  int reduction = 1;                    // By which its sides were divided, and rounded up.
  int full_height = 0, full_width = 0;  // Of the picture as it is, upright.
};

struct DecodeOptions {
  // 1 is grey, 3 is red, green, blue, 0 is what the file has. Colour becomes grey by 0.299 R +
  // 0.587 G + 0.114 B, grey becomes colour by repetition.
  int channels = 0;
  // Above 0 lets a JPEG come at a half, a quarter or an eighth of its size, both sides still at
  // least that: several times faster where the picture will be made smaller anyway.
  int least_side = 0;
  // 1, 2, 4 or 8 lets a JPEG come at that part of its size, whatever least_side; 0 does not.
  int reduction = 0;
  // Red, green and blue of what transparent pixels lie on.
  std::array<uint8_t, 3> background = {255, 255, 255};
};

// The format that a file's first bytes say, whatever its name does.
struct PictureFormat {
  absl::string_view name;  // "PNG", "GIF"; empty: none that is known.
  bool is_read = false;    // It is one of those that DecodePicture reads.
};
PictureFormat FormatOf(absl::string_view first_bytes);
inline constexpr int kFormatBytes = 32;  // How many of them are enough.

// "PNG, JPEG, WebP or BMP".
extern const char kFormatsRead[];

// Decodes a picture. `picture` keeps its memory from one call to the next.
absl::Status DecodePicture(absl::string_view bytes, const DecodeOptions& options, Picture& picture);

// The file's picture, or an error that begins with its path. `bytes` is the buffer it is read into.
absl::Status ReadPicture(const std::string& path, const DecodeOptions& options, std::string& bytes,
                         Picture& picture);

// The picture of values in [0, 1] (C x H x W, C = 1 or 3; what is outside is clipped, NaN is black)
// as a PNG with 8 bits a value, which says whose it is.
std::string EncodePng(const float* image, const ImageShape& shape);

// Whether a file that begins so is one of these.
bool IsEncodedPng(absl::string_view first_bytes);

// Writes it to a file, whose folder must exist: whole, or not at all (base/file/file_writer.h).
absl::Status WritePng(const std::string& path, const float* image, const ImageShape& shape);

}  // namespace pretext
