// Products of bfloat16 in the tile registers of Intel's AMX, summed up in float32: the loop that
// convolutions are made of (kernels/conv/tiled_conv.h).
//
// A tile has 16 rows of 64 bytes. Four of them hold sums of 32×32, two 32×32 of a left factor A,
// two as much of a right factor B:
//
//   sums[m, n] = Σ_p Σ_k A_p[m, k] B_p[k, n]        m, n < 32, p a panel, k < 32 · depth
//
// Both lie in blocks of 32×32, 64-byte aligned: A's row-major, B's in "pair order", which the
// hardware asks for, of 16 columns each, two rows k interleaved:
//
//   block[m][k]        block[n / 16][k / 2][n % 16][k % 2]
//
// Each product of two elements is exact in float32, denormal numbers count as 0, NaN propagates.
// Sums over k are in a fixed order.
#pragma once

#include <cstdint>

#include "kernels/bfloat16/bfloat16.h"

namespace pretext {

inline constexpr int64_t kTileSide = 32;                      // of the sums
inline constexpr int64_t kTileBlock = kTileSide * kTileSide;  // numbers in a block of A or B
inline int64_t TileCount(int64_t n) { return (n + kTileSide - 1) / kTileSide; }

// Whether the processor has these tiles, the system lets this process use them, and oneDNN is
// allowed to (ONEDNN_MAX_CPU_ISA). Nothing below may be called otherwise.
bool HasTiles();

// While it lives, the thread's tiles are set up for MultiplyTiles, with `rows` rows of A, at most
// 32: fewer take less time. Libraries set up their own within their calls: none of them in between.
class TileUse {
 public:
  explicit TileUse(int64_t rows = kTileSide);
  ~TileUse();
  TileUse(const TileUse&) = delete;
  TileUse& operator=(const TileUse&) = delete;
};

// Elements from the factors' beginnings to those of a panel.
struct TilePanel {
  int64_t a, b;
};

// sums [32, 32] = the sum above, or += with accumulate. A panel's `depth` blocks follow one
// another. rows: TileUse's, of A and of the sums; the others are neither read nor written, and a
// row's sums have the same bits whatever their number.
void MultiplyTiles(int64_t panels, const TilePanel* panel, int64_t depth, const Bfloat16* a,
                   const Bfloat16* b, bool accumulate, float* sums, int64_t rows = kTileSide);

// Blocks of `rows` × `columns` (at most 32 each) of a factor; the rest of the block becomes 0. From
// rows that lie at `stride` from each other, or, transposed, from columns that do.
void LeftBlock(int64_t rows, int64_t columns, const Bfloat16* from, int64_t stride,
               Bfloat16* block);
void LeftBlockTransposed(int64_t rows, int64_t columns, const Bfloat16* from, int64_t stride,
                         Bfloat16* block);
void RightBlock(int64_t rows, int64_t columns, const Bfloat16* from, int64_t stride,
                Bfloat16* block);
void RightBlockTransposed(int64_t rows, int64_t columns, const Bfloat16* from, int64_t stride,
                          Bfloat16* block);

// A block of B for each tap of a window, a convolution's weights: tap t's of
//
//   from[n · stride + k · window + t] · factor[n]      k < rows, n < columns
//
// rounded, denormal numbers as 0; the rest becomes 0. The blocks lie `apart` from each other.
void RightBlocksOfWindows(int64_t rows, int64_t columns, int64_t window, const float* from,
                          int64_t stride, const float* factor, int64_t apart, Bfloat16* blocks);

// The first `columns` (at most 32) of a row of sums, rounded; added to what is there with
// accumulate.
void StoreRounded(const float* sums, int64_t columns, bool accumulate, Bfloat16* to);

// n numbers rounded; and, where low is not null, what that leaves of each, rounded in turn: high +
// low has 16 bits.
void StoreParts(int64_t n, const float* from, Bfloat16* high, Bfloat16* low);

// to [rows, 32] = f(sums [rows, 32] + bias [32] + residual [rows, 32]), rounded once; f is ReLU or
// nothing. residual may be null, or `to`. NaN propagates, through the ReLU too.
void StoreFinished(int64_t rows, const float* sums, const float* bias, const Bfloat16* residual,
                   bool relu, Bfloat16* to);

}  // namespace pretext
