// The softmax of strips of scores in the tiles' blocks: 32 queries with all keys, a block of 32×32
// for every 32 keys, one after another. Internal to the package.
//
// Loops go block by block, which lie in the first-level cache: a row of several blocks has its
// parts 4 KiB apart, all in one of the cache's sets.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "kernels/attention/pair_of_head.h"
#include "kernels/matrix_units/tiles.h"
#include "kernels/scratch/scratch.h"
#include "kernels/vector_math/vector_math.h"

namespace pretext::attention_internal {

// Dropout's multipliers for a strip's rows, in blocks as the scores; 0 beyond the keys.
class StripMultipliers {
 public:
  StripMultipliers(const AttentionShape& shape, int64_t head, int64_t keys)
      : shape_(shape),
        head_(head),
        keys_(keys),
        drop_(shape.dropout != nullptr && shape.dropout->active()),
        row_(drop_ ? TileCount(keys) * kTileSide : 0),
        blocks_(drop_ ? TileCount(keys) * kTileBlock : 0) {}

  // Null without dropout.
  const float* Make(int64_t first_query, int64_t count) const {
    if (!drop_) return nullptr;
    std::fill_n(row_.data(), TileCount(keys_) * kTileSide, 0.0f);
    for (int64_t r = 0; r < count; ++r) {
      DropoutRowStart(*shape_.dropout, MaskRow(shape_, first_query + r, head_), shape_.tokens,
                      keys_, row_.data());
      for (int64_t s = 0; s < TileCount(keys_); ++s)
        std::copy_n(row_ + s * kTileSide, kTileSide, blocks_ + s * kTileBlock + r * kTileSide);
    }
    return blocks_.data();
  }

 private:
  const AttentionShape& shape_;
  const int64_t head_, keys_;
  const bool drop_;
  const Scratch row_, blocks_;
};

inline constexpr int64_t kLanes = kTileSide / 2;

// 0 for the keys of a block, -∞ beyond them.
struct KeyMask {
  KeyMask(int64_t keys, int64_t block) {
    for (int64_t c = 0; c < kTileSide; ++c)
      add[c] = block * kTileSide + c < keys ? 0.0f : -std::numeric_limits<float>::infinity();
  }
  alignas(64) float add[kTileSide];
};

// Scores, to be multiplied by `scale`, of `count` rows: to = e^(score - largest) · multiplier,
// rounded, 0 in the rows below. statistics: of each row, its largest score and the reciprocal of
// its sum of exponentials.
inline void SoftmaxOfStrip(int64_t count, int64_t keys, float scale, const float* multipliers,
                           float* scores, Bfloat16* to, float (*statistics)[2]) {
  const int64_t blocks = TileCount(keys);
  alignas(64) float largest[kTileSide][kLanes], sum[kTileSide][kLanes] = {};
  std::fill_n(largest[0], kTileBlock / 2, -std::numeric_limits<float>::infinity());
  for (int64_t b = 0; b < blocks; ++b) {
    const KeyMask mask(keys, b);
    for (int64_t r = 0; r < count; ++r) {
      float* const x = scores + b * kTileBlock + r * kTileSide;
#pragma omp simd
      for (int64_t c = 0; c < kLanes; ++c) {
        const float low = x[c] * scale + mask.add[c],
                    high = x[c + kLanes] * scale + mask.add[c + kLanes];
        x[c] = low;
        x[c + kLanes] = high;
        const float larger = high > low ? high : low;
        largest[r][c] = larger > largest[r][c] ? larger : largest[r][c];
      }
    }
  }
  for (int64_t r = 0; r < count; ++r) {
    float of_row = largest[r][0];
    for (int64_t c = 1; c < kLanes; ++c) of_row = largest[r][c] > of_row ? largest[r][c] : of_row;
    statistics[r][0] = of_row;
  }
  for (int64_t b = 0; b < blocks; ++b) {
    for (int64_t r = 0; r < count; ++r) {
      const int64_t at = b * kTileBlock + r * kTileSide;
      float* const x = scores + at;
      const float of_row = statistics[r][0];
#pragma omp simd
      for (int64_t c = 0; c < kLanes; ++c) {
        x[c] = Exp(x[c] - of_row);
        x[c + kLanes] = Exp(x[c + kLanes] - of_row);
        sum[r][c] += x[c] + x[c + kLanes];
      }
      if (multipliers != nullptr) {
#pragma omp simd
        for (int64_t c = 0; c < kTileSide; ++c) x[c] *= multipliers[at + c];
      }
      StoreRounded(x, kTileSide, /*accumulate=*/false, to + at);
    }
    std::fill(to + b * kTileBlock + count * kTileSide, to + (b + 1) * kTileBlock, Bfloat16{});
  }
  for (int64_t r = 0; r < count; ++r) {
    float total = 0;
    for (int64_t c = 0; c < kLanes; ++c) total += sum[r][c];
    statistics[r][1] = 1.0f / total;
  }
}

// Scores as above and the gradients of the dropped probabilities: to = dropout(P) and dto = the
// gradient of the scores before `scale`, rounded. products: the sum of dO ∘ O of each row.
inline void SoftmaxBackOfStrip(int64_t count, int64_t keys, float scale, const float* multipliers,
                               const float (*statistics)[2], const float* products, float* scores,
                               float* gradients, Bfloat16* to, Bfloat16* dto, Bfloat16* dto_lows) {
  for (int64_t b = 0; b < TileCount(keys); ++b) {
    const KeyMask mask(keys, b);
    for (int64_t r = 0; r < count; ++r) {
      const int64_t at = b * kTileBlock + r * kTileSide;
      float* const x = scores + at;
      float* const dx = gradients + at;
      const float largest = statistics[r][0], inverse = statistics[r][1], product = products[r];
      if (multipliers == nullptr) {
#pragma omp simd
        for (int64_t c = 0; c < kTileSide; ++c) {
          const float p = Exp(x[c] * scale + mask.add[c] - largest) * inverse;
          x[c] = p;
          dx[c] = p * scale * (dx[c] - product);
        }
      } else {
        const float* const m = multipliers + at;
#pragma omp simd
        for (int64_t c = 0; c < kTileSide; ++c) {
          const float p = Exp(x[c] * scale + mask.add[c] - largest) * inverse;
          x[c] = p * m[c];
          dx[c] = p * scale * (dx[c] * m[c] - product);
        }
      }
      StoreRounded(x, kTileSide, /*accumulate=*/false, to + at);
      StoreParts(kTileSide, dx, dto + at, dto_lows + at);
    }
    const int64_t below = b * kTileBlock + count * kTileSide, end = (b + 1) * kTileBlock;
    std::fill(to + below, to + end, Bfloat16{});
    std::fill(dto + below, dto + end, Bfloat16{});
    std::fill(dto_lows + below, dto_lows + end, Bfloat16{});
  }
}

}  // namespace pretext::attention_internal
