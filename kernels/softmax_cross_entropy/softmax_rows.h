// What the rows of a softmax over a vocabulary come to, put together from its tiles. Internal to
// the package.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/scratch/scratch.h"
#include "kernels/softmax_cross_entropy/softmax_cross_entropy.h"

namespace pretext::softmax_internal {

inline constexpr int64_t kTile = 512;  // of the vocabulary: with its weights a second-level cache's

// What a tile knows of a row.
struct TileRow {
  float largest;       // score
  float sum;           // Σ e^(score - largest)
  int32_t at_largest;  // scores equal to it
};

// A block of rows over all tiles.
class SoftmaxRows {
 public:
  SoftmaxRows(int64_t rows, int64_t tiles)
      : rows_(rows), tiles_(tiles), tile_rows_(rows * tiles * 3), row_values_(rows * 3) {}

  TileRow& tile_row(int64_t r, int64_t t) {
    return reinterpret_cast<TileRow*>(tile_rows_.data())[r * tiles_ + t];
  }
  float* target_score() const { return row_values_.data(); }

  // The losses of the first `rows` from the tiles' sums, in the order of the tiles; from here on a
  // tile's `sum` is the factor from exponential to gradient. By all threads of a team.
  void Combine(int64_t rows, float gradient_scale) {
#pragma omp for schedule(static)
    for (int64_t r = 0; r < rows; ++r) {
      float largest = -std::numeric_limits<float>::infinity();
      for (int64_t t = 0; t < tiles_; ++t) largest = std::max(largest, tile_row(r, t).largest);
      double sum = 0;
      int64_t at_largest = 0;
      for (int64_t t = 0; t < tiles_; ++t) {
        TileRow& tile = tile_row(r, t);
        sum += tile.sum * std::exp(static_cast<double>(tile.largest) - largest);
        if (tile.largest == largest) at_largest += tile.at_largest;
      }
      for (int64_t t = 0; t < tiles_; ++t) {
        TileRow& tile = tile_row(r, t);
        tile.sum = static_cast<float>(gradient_scale *
                                      std::exp(static_cast<double>(tile.largest) - largest) / sum);
      }
      loss()[r] = static_cast<float>(std::log(sum) + largest - target_score()[r]);
      correct()[r] = target_score()[r] == largest && at_largest == 1 ? 1.0f : 0.0f;
    }
  }

  // Adds the rows to the result, in order.
  void AddTo(SoftmaxCrossEntropy::Result& result, int64_t rows) const {
    for (int64_t r = 0; r < rows; ++r) {
      result.loss += loss()[r];
      result.correct += correct()[r] != 0.0f;
    }
  }

 private:
  float* loss() const { return row_values_ + rows_; }
  float* correct() const { return row_values_ + 2 * rows_; }

  const int64_t rows_, tiles_;
  Scratch tile_rows_, row_values_;
};

}  // namespace pretext::softmax_internal
