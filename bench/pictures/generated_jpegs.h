// JPEGs of nothing in particular, for timing and for tests of many pictures.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace pretext {

// A picture of soft patches of colour, other for each number, as a JPEG.
std::string GeneratedJpeg(int height, int width, int quality, uint64_t number);

// Writes `count` of 500 × 375 pixels into FOLDER/0 … FOLDER/3 in turn. Those from `different` on
// are links to the earlier ones.
absl::Status WriteGeneratedJpegs(const std::string& folder, int64_t count, int64_t different);

}  // namespace pretext
