// Strips of a matrix product's factors in the blocks of tiles.h: 32 rows of A with all their k, 32
// columns of B with all their k, a strip's TileCount(k) blocks one after another.
//
//   sums[m, n] = Σ_k A[m, k] B[k, n]        m < rows, n < columns
//
// What lies beyond the matrix is 0. Source: the packing of Goto and van de Geijn 2008, "Anatomy of
// high-performance matrix multiplication", section 4.2, with tiles in place of registers.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/matrix_units/tiles.h"

namespace pretext {

// Where a factor's numbers are: rows that lie at `stride` from each other, or, transposed, columns
// that do.
struct TileFactor {
  const Bfloat16* data = nullptr;
  int64_t stride = 0;
  bool transposed = false;

  const Bfloat16* at(int64_t row, int64_t column) const {
    return transposed ? data + column * stride + row : data + row * stride + column;
  }
};

// A[row .. row + rows, k .. k + depth] into TileCount(depth) blocks; rows at most 32.
inline void PackLeft(const TileFactor& a, int64_t row, int64_t rows, int64_t k, int64_t depth,
                     Bfloat16* blocks) {
  const auto pack = a.transposed ? LeftBlockTransposed : LeftBlock;
  for (int64_t i = 0; i < depth; i += kTileSide, blocks += kTileBlock)
    pack(rows, std::min(kTileSide, depth - i), a.at(row, k + i), a.stride, blocks);
}

// B[k .. k + depth, column .. column + columns] into TileCount(depth) blocks; columns at most 32.
inline void PackRight(const TileFactor& b, int64_t k, int64_t depth, int64_t column,
                      int64_t columns, Bfloat16* blocks) {
  const auto pack = b.transposed ? RightBlockTransposed : RightBlock;
  for (int64_t i = 0; i < depth; i += kTileSide, blocks += kTileBlock)
    pack(std::min(kTileSide, depth - i), columns, b.at(k + i, column), b.stride, blocks);
}

// sums, 32×32 a strip of B one after another, = or += a strip of A times `strips` strips of B, of
// `depth` blocks each; those of B lie `apart` numbers from each other. rows: MultiplyTiles'.
inline void MultiplyStrips(int64_t depth, const Bfloat16* a, int64_t strips, const Bfloat16* b,
                           int64_t apart, bool accumulate, float* sums, int64_t rows = kTileSide) {
  for (int64_t s = 0; s < strips; ++s) {
    const TilePanel panel = {0, s * apart};
    MultiplyTiles(1, &panel, depth, a, b, accumulate, sums + s * kTileBlock, rows);
  }
}

// A factor as a sum of two of bfloat16, high + low, 16 bits (StoreParts): a strip's blocks of the
// high part, then as many of the low one.
struct SplitTileFactor {
  TileFactor high, low;
};
inline void PackSplitLeft(const SplitTileFactor& a, int64_t row, int64_t rows, int64_t k,
                          int64_t depth, Bfloat16* blocks) {
  PackLeft(a.high, row, rows, k, depth, blocks);
  PackLeft(a.low, row, rows, k, depth, blocks + TileCount(depth) * kTileBlock);
}
inline void PackSplitRight(const SplitTileFactor& b, int64_t k, int64_t depth, int64_t column,
                           int64_t columns, Bfloat16* blocks) {
  PackRight(b.high, k, depth, column, columns, blocks);
  PackRight(b.low, k, depth, column, columns, blocks + TileCount(depth) * kTileBlock);
}
// The product of two such strips, of `depth` blocks a part, without that of the low parts.
inline void MultiplySplitStrip(int64_t depth, const Bfloat16* a, const Bfloat16* b, bool accumulate,
                               float* sums) {
  const int64_t low = depth * kTileBlock;
  const TilePanel panels[] = {{low, 0}, {0, low}, {0, 0}};
  MultiplyTiles(3, panels, depth, a, b, accumulate, sums);
}

// visit(n, number) of the first `columns` numbers of a row of blocks of 32×32, one after another,
// such as the sums.
template <class T, class Visit>
inline void ForEachOfRow(const T* blocks, int64_t row, int64_t columns, const Visit& visit) {
  for (int64_t n = 0; n < columns; n += kTileSide) {
    const T* const from = blocks + (n + row) * kTileSide;
#pragma omp simd
    for (int64_t j = 0; j < std::min(kTileSide, columns - n); ++j) visit(n + j, from[j]);
  }
}

}  // namespace pretext
