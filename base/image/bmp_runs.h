// The run-length coding of BMP.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"

namespace pretext {

// The indices, a byte each, of height x width pixels of `bits` (4 or 8), the lowest row first; 0
// where the code skips them. False when it ends before it says so and before all are there.
bool ExpandBmpRuns(absl::string_view code, int bits, int64_t height, int64_t width,
                   std::vector<uint8_t>& indices);

}  // namespace pretext
