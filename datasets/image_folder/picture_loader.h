// Decodes and resizes pictures, in parallel.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "base/image/image.h"

namespace pretext {

enum class PictureFit { kCrop, kStretch };

// What pictures are made to be.
struct PictureTarget {
  ImageShape shape;  // C = 1 or 3
  // Their largest central part of the shape's proportions (kCrop), or all of them (kStretch).
  PictureFit fit = PictureFit::kCrop;
  std::array<uint8_t, 3> background = {255, 255, 255};  // of what is transparent
};

// "#RRGGBB" as its three bytes.
bool ParseColor(absl::string_view text, std::array<uint8_t, 3>& color);

struct LoadedPicture {
  absl::Status status;  // whether it could be read
  bool transparent = false, turned = false;
};

// Row i of `pixels` (paths.size() x C x H x W) = the picture at paths[i], resized, antialiased;
// where it could not be read, the row is unspecified. The same bytes whatever the number of
// threads.
std::vector<LoadedPicture> LoadPictures(const std::vector<std::string>& paths,
                                        const PictureTarget& target, uint8_t* pixels);

}  // namespace pretext
