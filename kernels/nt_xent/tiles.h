// Element-wise work on a tile of cosines. Internal to the package.
//
// A tile holds rows×columns cosines c, row-major with stride kTileStride. Exponentials are taken in
// base two: with k = log2(e)/τ, exp(c/τ) = 2^(c·k). Shifts are integers, so that moving a sum from
// one to another is exact.
#pragma once

#include <cstdint>
#include <numbers>

#include "kernels/nt_xent/shifted_sum.h"

namespace pretext::nt_xent_internal {

inline constexpr int64_t kTileSize = 128;
inline constexpr int64_t kTileStride = kTileSize;
inline constexpr int64_t kTileFloats = kTileSize * kTileStride;
// Of the first pass, that stay for the second: of a whole batch, whoever computes it.
inline constexpr int64_t kKeptTiles = (24 << 20) / (kTileFloats * int64_t{sizeof(float)});

// k, and 1/τ as the tiles have it.
inline float Log2Scale(float temperature) { return std::numbers::log2e_v<float> / temperature; }
inline double Scale(float k) { return k * std::numbers::ln2; }

struct TileShape {
  int64_t rows;
  int64_t columns;
};

// A cosine in place of one that is not to count: its term vanishes beside that of any true cosine.
inline float MaskedCosine(float k) { return -2.0f - 200.0f / k; }

// Adds the terms 2^(c·k) of row i to rows[i] and, unless null, those of column j to columns[j].
// k < 2^20.
void AddTerms(TileShape shape, float k, const float* tile, ShiftedSum* rows, ShiftedSum* columns);

// Each cosine c becomes
//
//   row_scale[i] · 2^(c·k - row_shift[i]) + column_scale[j] · 2^(c·k - column_shift[j])
//
// where no exponent is above 0.
void CosinesToWeights(TileShape shape, float k, const float* row_scale, const int32_t* row_shift,
                      const float* column_scale, const int32_t* column_shift, float* tile);

}  // namespace pretext::nt_xent_internal
