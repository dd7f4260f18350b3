// Decodes and resizes pictures, in parallel.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/image/image.h"

namespace pretext {

enum class PictureFit { kCrop, kStretch };

// Row i of `pixels` (paths.size() x C x H x W) = the picture at paths[i] in that shape (C = 1 or
// 3): its largest central part of the shape's proportions (kCrop), or all of it (kStretch),
// resized, antialiased. statuses[i] says whether it could be read; where it could not, the row is
// unspecified. The same bytes whatever the number of threads.
std::vector<absl::Status> LoadPictures(const std::vector<std::string>& paths,
                                       const ImageShape& shape, PictureFit fit, uint8_t* pixels);

}  // namespace pretext
