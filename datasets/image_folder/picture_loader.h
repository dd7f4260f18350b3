// Decodes and resizes pictures, in parallel, and says what they are.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "base/image/image.h"
#include "base/image/image_io.h"
#include "core/flow/content_sum.h"
#include "datasets/image_folder/picture_resize.h"

namespace pretext {

// What pictures are made to be.
struct PictureTarget {
  ImageShape shape;  // C = 1 or 3
  PictureFit fit = PictureFit::kCrop;
  std::array<uint8_t, 3> background = {255, 255, 255};  // of what is transparent
};

// "#RRGGBB" as its three bytes.
bool ParseColor(absl::string_view text, std::array<uint8_t, 3>& color);

// How they are decoded for it: twice the size asked for is enough to resize from, as Pillow's
// thumbnails are (its reducing_gap of 2).
DecodeOptions OptionsFor(const PictureTarget& target);

struct LoadedPicture {
  absl::Status status;  // whether it could be read
  bool transparent = false, turned = false;
  int height = 0, width = 0;  // as it is, upright
  int reduction = 1;          // by which its sides were divided to make the target of it
  int64_t file_bytes = 0;
  uint32_t content = 0;                     // the CRC-32 of its file
  std::array<uint64_t, 3> sum{}, square{};  // of the bytes of its row, by channel
  // The cache file that told all this; null where the picture itself was looked at.
  std::shared_ptr<const std::string> told_by;
};

// DataLoss of a picture that is not what it was found to be.
absl::Status ChangedSince(const std::string& path, const LoadedPicture& found);

// The CRC-32 of a file's bytes.
inline uint32_t ContentOf(const std::string& bytes) {
  return AddToSum(0, bytes.data(), bytes.size());
}

// Row i of `pixels` (paths.size() x C x H x W) = the picture at paths[i], resized, antialiased;
// where it could not be read, the row is unspecified. `pixels` may be null: then it is only said
// what the pictures are. The same bytes whatever the number of threads.
std::vector<LoadedPicture> LoadPictures(const std::vector<std::string>& paths,
                                        const PictureTarget& target, uint8_t* pixels);

}  // namespace pretext
