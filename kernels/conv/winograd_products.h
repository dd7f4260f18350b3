// The matrix products of Winograd's convolutions, one point's at a time, in float32 on the calling
// thread. Internal to the package (winograd_conv.h).
//
// Tiles' numbers lie in blocks of 16 channels, [C / 16][tiles][16], or in panels of 32 (16 at the
// end) columns. A number of a result is summed up in the same order whatever is beside it.
#pragma once

#include <cstdint>

#include "kernels/conv/winograd_lanes.h"

namespace pretext::conv_internal {

inline constexpr int64_t kWinogradPanel = 32;
// Tiles whose sums stay in registers, two vectors wide: of 32 registers, or of 16.
inline constexpr int kWinogradRows = lanes::kLanes<WinogradLanes> == 16  ? 14
                                     : lanes::kLanes<WinogradLanes> == 8 ? 6
                                                                         : 4;

// m [tiles, columns] = v [C / 16][tiles][16] · u [C, columns], columns 16 or 32; v's blocks lie
// `v_stride` from each other.
void MultiplyPoint(int64_t tiles, int64_t channels, int64_t columns, const float* v,
                   int64_t v_stride, const float* u, float* m);

// du [16, columns] = vᵀ [16, tiles] · y [tiles, columns], or += with accumulate.
void SumOverTiles(int64_t tiles, int64_t columns, const float* v, const float* y, bool accumulate,
                  float* du);

}  // namespace pretext::conv_internal
