// How many rows are looked at of each view.
#pragma once

#include <cstdint>

namespace pretext {

inline constexpr int64_t kMostUnitRows = 256;

}  // namespace pretext
