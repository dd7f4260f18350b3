// A head's queries, keys, values and their gradients as factors of products on the tiles, once
// rounded or in two parts (bfloat16_attention.h). Internal to the package.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/attention/attention.h"
#include "kernels/matrix_units/strips.h"
#include "kernels/scratch/bfloat16_scratch.h"

namespace pretext::attention_internal {

// Rows of a head lie apart, and come from memory when they are asked for unless it is told before:
// by so many rows.
inline constexpr int64_t kAhead = 8;
template <bool write, class T>
void FetchAhead(T* row, int64_t width) {
  constexpr auto kLine = static_cast<int64_t>(64 / sizeof(T));
  for (int64_t c = 0; c < width; c += kLine) __builtin_prefetch(row + c, write);
}

// A head's columns of a matrix, rounded: rows `first` to first + rows. With lows, what rounding
// leaves, rounded in turn.
class RoundedRows {
 public:
  RoundedRows(int64_t most, int64_t width, bool lows)
      : width_(width), highs_(most * width), lows_(lows ? most * width : 0), has_lows_(lows) {}
  RoundedRows(MatrixRows from, int64_t first, int64_t rows, int64_t column, int64_t width,
              bool lows)
      : RoundedRows(rows, width, lows) {
    Take(from, first, rows, column);
  }
  void Take(MatrixRows from, int64_t first, int64_t rows, int64_t column) const {
    for (int64_t r = 0; r < rows; ++r) {
      const float* const row = from.data + (first + r) * from.stride + column;
      if (r + kAhead < rows) FetchAhead</*write=*/false>(row + kAhead * from.stride, width_);
      StoreParts(width_, row, highs_.data() + r * width_,
                 has_lows_ ? lows_.data() + r * width_ : nullptr);
    }
  }
  TileFactor highs(bool transposed = false) const { return {highs_.data(), width_, transposed}; }
  SplitTileFactor split(bool transposed = false) const {
    return {highs(transposed), {lows_.data(), width_, transposed}};
  }

 private:
  const int64_t width_;
  const Bfloat16Scratch highs_, lows_;
  const bool has_lows_;
};

// All strips of a right factor [k, columns], one after another.
class RightFactor {
 public:
  RightFactor(int64_t k, int64_t columns)
      : k_(k), columns_(columns), blocks_(TileCount(k) * TileCount(columns) * kTileBlock) {}
  RightFactor(const TileFactor& from, int64_t k, int64_t columns) : RightFactor(k, columns) {
    Pack(from, k);
  }
  void Pack(const TileFactor& from, int64_t k) {
    k_ = k;
    for (int64_t s = 0; s < strips(); ++s) {
      PackRight(from, 0, k, s * kTileSide, std::min(kTileSide, columns_ - s * kTileSide),
                blocks_.data() + s * depth() * kTileBlock);
    }
  }
  // sums, a block for each strip, = or += a strip of A times this.
  void Multiply(const Bfloat16* a, bool accumulate, float* sums) const {
    MultiplyStrips(depth(), a, strips(), blocks_.data(), depth() * kTileBlock, accumulate, sums);
  }
  int64_t strips() const { return TileCount(columns_); }
  int64_t depth() const { return TileCount(k_); }

 private:
  int64_t k_;
  const int64_t columns_;
  const Bfloat16Scratch blocks_;
};

// A right factor of two parts (SplitTileFactor), to be multiplied with a left one of two.
class SplitFactor {
 public:
  SplitFactor(int64_t k, int64_t columns)
      : k_(k), columns_(columns), blocks_(2 * TileCount(k) * TileCount(columns) * kTileBlock) {}
  // Of rows, or, transposed, of columns.
  SplitFactor(const RoundedRows& rows, bool transposed, int64_t k, int64_t columns)
      : SplitFactor(k, columns) {
    Pack(rows, transposed, k);
  }
  void Pack(const RoundedRows& rows, bool transposed, int64_t k) {
    k_ = k;
    for (int64_t c = 0; c < columns_; c += kTileSide) {
      const int64_t columns = std::min(kTileSide, columns_ - c);
      PackSplitRight(rows.split(transposed), 0, k, c, columns, strip(c / kTileSide));
    }
  }
  // left: a strip of A's high part, then of its low one. The product of the low parts is left out.
  void Multiply(const Bfloat16* left, bool accumulate, float* sums) const {
    for (int64_t s = 0; s < TileCount(columns_); ++s)
      MultiplySplitStrip(TileCount(k_), left, strip(s), accumulate, sums + s * kTileBlock);
  }

 private:
  Bfloat16* strip(int64_t s) const { return blocks_.data() + s * 2 * TileCount(k_) * kTileBlock; }

  int64_t k_;
  const int64_t columns_;
  const Bfloat16Scratch blocks_;
};

}  // namespace pretext::attention_internal
