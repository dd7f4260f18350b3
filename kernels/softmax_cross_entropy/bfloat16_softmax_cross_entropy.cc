#include "kernels/softmax_cross_entropy/bfloat16_softmax_cross_entropy.h"

#include <algorithm>
#include <limits>

#include "kernels/matrix_units/strips.h"
#include "kernels/scratch/bfloat16_scratch.h"
#include "kernels/softmax_cross_entropy/softmax_rows.h"
#include "kernels/vector_math/vector_math.h"

namespace pretext {

using namespace softmax_internal;  // NOLINT: its own header

namespace {

constexpr int64_t kTileStrips = kTile / kTileSide;
constexpr int64_t kMostNumbers = 4 << 20;  // of E, unless these are fewer than the fewest rows
constexpr int64_t kFewestRows = 64, kMostRows = 512;

// What 32 rows of `strips` blocks of scores come to, and E of them. A block at a time, which lies
// in the first-level cache: rows of several blocks would be 4 KiB apart there, all in one set.
class BlockExponentials {
 public:
  // bias: -∞ beyond the vocabulary.
  BlockExponentials(int64_t strips, const float* bias, float* sums, Bfloat16* to) {
    std::fill_n(largest_[0], kTileSide * kLanes, -std::numeric_limits<float>::infinity());
    for (int64_t i = 0; i < strips * kTileSide; ++i) {
      float* const x = sums + i * kTileSide;
      float* const largest = largest_[i % kTileSide];
      const float* const b = bias + i / kTileSide * kTileSide;
#pragma omp simd
      for (int64_t c = 0; c < kLanes; ++c) {
        const float low = x[c] + b[c], high = x[c + kLanes] + b[c + kLanes];
        x[c] = low;
        x[c + kLanes] = high;
        const float larger = high > low ? high : low;
        largest[c] = larger > largest[c] ? larger : largest[c];
      }
    }
    for (float* lanes : largest_) {
      for (int64_t c = 1; c < kLanes; ++c) lanes[0] = lanes[c] > lanes[0] ? lanes[c] : lanes[0];
    }
    for (int64_t i = 0; i < strips * kTileSide; ++i) {
      float* const x = sums + i * kTileSide;
      const int64_t r = i % kTileSide;
      const float largest = largest_[r][0];
#pragma omp simd
      for (int64_t c = 0; c < kLanes; ++c) {
        at_largest_[r][c] += (x[c] == largest ? 1 : 0) + (x[c + kLanes] == largest ? 1 : 0);
        const float low = Exp(x[c] - largest), high = Exp(x[c + kLanes] - largest);
        x[c] = low;
        x[c + kLanes] = high;
        sum_[r][c] += low + high;
      }
      StoreRounded(x, kTileSide, /*accumulate=*/false, to + i * kTileSide);
    }
  }

  TileRow Of(int64_t row) const {
    TileRow of = {largest_[row][0], 0, 0};
    for (int64_t c = 0; c < kLanes; ++c) {
      of.sum += sum_[row][c];
      of.at_largest += at_largest_[row][c];
    }
    return of;
  }

 private:
  static constexpr int64_t kLanes = kTileSide / 2;
  alignas(64) float largest_[kTileSide][kLanes];
  alignas(64) float sum_[kTileSide][kLanes] = {};
  alignas(64) int32_t at_largest_[kTileSide][kLanes] = {};
};

// The passes over a block of rows; the methods are called by all threads of a team.
class TiledBlocks {
 public:
  TiledBlocks(const SoftmaxCrossEntropy& a, const Bfloat16* weight)
      : a_(a),
        weight_{weight, a.features, /*transposed=*/true},
        tiles_((a.vocabulary + kTile - 1) / kTile),
        depth_(TileCount(a.features)),
        block_rows_(BlockRows(a)),
        strips_(block_rows_ / kTileSide),
        left_(strips_ * depth_ * kTileBlock),
        exponentials_(tiles_ * strips_ * kTileStrips * kTileBlock),
        rows_(block_rows_, tiles_),
        partial_dx_(a.dx ? tiles_ * block_rows_ * a.features : 0) {}

  int64_t block_rows() const { return block_rows_; }
  SoftmaxRows& rows() { return rows_; }

  void Scores(int64_t begin, int64_t rows) {
    const int64_t d = a_.features;
#pragma omp for schedule(static)
    for (int64_t i = 0; i < TileCount(rows); ++i) {
      const int64_t row = i * kTileSide, count = std::min(kTileSide, rows - row);
      const Bfloat16Scratch rounded(count * d);
      RoundRows(
          begin + row, count, [](int64_t) { return 1.0f; }, rounded.data());
      PackLeft({rounded.data(), d}, 0, count, 0, d, left_.data() + i * depth_ * kTileBlock);
    }
#pragma omp for schedule(static)
    for (int64_t t = 0; t < tiles_; ++t) TileScores(t, begin, rows);
  }

  void Gradients(int64_t begin, int64_t rows) {
    const int64_t d = a_.features;
#pragma omp for schedule(static)
    for (int64_t t = 0; t < tiles_; ++t) {
      if (a_.dbias) TileBias(t, begin, rows);
      if (a_.dweight) TileWeights(t, begin, rows);
      if (a_.dx) TileX(t, rows);
    }
    if (!a_.dx) return;
#pragma omp for schedule(static)
    for (int64_t r = 0; r < rows; ++r) {
      float* const out = a_.dx.data + (begin + r) * d;
      if (!a_.dx.accumulate) std::fill_n(out, d, 0.0f);
      for (int64_t t = 0; t < tiles_; ++t) {
        const float* const part = partial_dx_ + (t * block_rows_ + r) * d;
#pragma omp simd
        for (int64_t c = 0; c < d; ++c) out[c] += part[c];
      }
      const Bfloat16* const target = weight_.data + a_.targets[begin + r] * d;
#pragma omp simd
      for (int64_t c = 0; c < d; ++c) out[c] -= a_.gradient_scale * ToFloat(target[c]);
    }
  }

 private:
  static int64_t BlockRows(const SoftmaxCrossEntropy& a) {
    const int64_t fit = kMostNumbers / a.vocabulary;
    const int64_t most = std::clamp(fit, kFewestRows, kMostRows);
    // Equal blocks, rather than full ones and a small rest.
    const int64_t blocks = (a.rows + most - 1) / most, each = (a.rows + blocks - 1) / blocks;
    return TileCount(each) * kTileSide;
  }

  int64_t Width(int64_t t) const { return std::min(kTile, a_.vocabulary - t * kTile); }
  // Of a tile and 32 rows: kTileStrips blocks of a left factor.
  Bfloat16* E(int64_t t, int64_t i) const {
    return exponentials_.data() + (t * strips_ + i) * kTileStrips * kTileBlock;
  }

  // to [count, D] = factor(row) · x, rounded.
  template <class Factor>
  void RoundRows(int64_t begin, int64_t count, const Factor& factor, Bfloat16* to) const {
    const int64_t d = a_.features;
    const Scratch row(d);
    float* const scaled = row.data();
    for (int64_t r = 0; r < count; ++r) {
      const float* const from = a_.x + (begin + r) * d;
      const float f = factor(r);
#pragma omp simd
      for (int64_t c = 0; c < d; ++c) scaled[c] = f * from[c];
      StoreParts(d, scaled, to + r * d, nullptr);
    }
  }

  void TileScores(int64_t t, int64_t begin, int64_t rows) {
    const int64_t first = t * kTile, width = Width(t), strips = TileCount(width);
    const Bfloat16Scratch right(strips * depth_ * kTileBlock);
    for (int64_t s = 0; s < strips; ++s) {
      const int64_t column = s * kTileSide;
      PackRight(weight_, 0, a_.features, first + column, std::min(kTileSide, width - column),
                right.data() + s * depth_ * kTileBlock);
    }
    alignas(64) float bias[kTile];
    std::fill_n(bias, kTile, -std::numeric_limits<float>::infinity());
    for (int64_t c = 0; c < width; ++c) bias[c] = a_.bias != nullptr ? a_.bias[first + c] : 0.0f;
    const Scratch sums(strips * kTileBlock);
    const TileUse use;
    for (int64_t i = 0; i < TileCount(rows); ++i) {
      MultiplyStrips(depth_, left_.data() + i * depth_ * kTileBlock, strips, right.data(),
                     depth_ * kTileBlock, /*accumulate=*/false, sums.data());
      const int64_t row = i * kTileSide, count = std::min(kTileSide, rows - row);
      for (int64_t r = 0; r < count; ++r) {
        const int64_t target = a_.targets[begin + row + r] - first;
        if (target < 0 || target >= width) continue;
        rows_.target_score()[row + r] =
            sums.data()[(target / kTileSide * kTileSide + r) * kTileSide + target % kTileSide] +
            bias[target];
      }
      const BlockExponentials block(strips, bias, sums.data(), E(t, i));
      for (int64_t r = 0; r < count; ++r) rows_.tile_row(row + r, t) = block.Of(r);
    }
  }

  void TileBias(int64_t t, int64_t begin, int64_t rows) {
    const int64_t first = t * kTile, width = Width(t);
    float* const dbias = a_.dbias.data + first;
    if (!a_.dbias.accumulate && begin == 0) std::fill_n(dbias, width, 0.0f);
    for (int64_t r = 0; r < rows; ++r) {
      const float factor = rows_.tile_row(r, t).sum;
      ForEachOfRow(E(t, r / kTileSide), r % kTileSide, width,
                   [=](int64_t k, Bfloat16 e) { dbias[k] += factor * ToFloat(e); });
      const int64_t target = a_.targets[begin + r] - first;
      if (target >= 0 && target < width) dbias[target] -= a_.gradient_scale;
    }
  }

  // dweight of the tile: E's columns times the rows f x.
  void TileWeights(int64_t t, int64_t begin, int64_t rows) {
    const int64_t d = a_.features, first = t * kTile, width = Width(t), strips = TileCount(rows);
    const Bfloat16Scratch scaled(rows * d), right(depth_ * strips * kTileBlock),
        left(strips * kTileBlock);
    RoundRows(
        begin, rows, [&](int64_t r) { return rows_.tile_row(r, t).sum; }, scaled.data());
    for (int64_t s = 0; s < depth_; ++s) {
      PackRight({scaled.data(), d}, 0, rows, s * kTileSide, std::min(kTileSide, d - s * kTileSide),
                right.data() + s * strips * kTileBlock);
    }
    const Scratch sums(depth_ * kTileBlock);
    const bool accumulate = a_.dweight.accumulate || begin > 0;
    const TileUse use;
    for (int64_t k = 0; k < width; k += kTileSide) {
      for (int64_t i = 0; i < strips; ++i) {
        LeftBlockTransposed(kTileSide, kTileSide, E(t, i) + k * kTileSide, kTileSide,
                            left.data() + i * kTileBlock);
      }
      MultiplyStrips(strips, left.data(), depth_, right.data(), strips * kTileBlock,
                     /*accumulate=*/false, sums.data());
      for (int64_t v = 0; v < std::min(kTileSide, width - k); ++v) {
        float* const to = a_.dweight.data + (first + k + v) * d;
        ForEachOfRow(sums.data(), v, d,
                     [=](int64_t c, float sum) { to[c] = accumulate ? to[c] + sum : sum; });
      }
    }
    for (int64_t r = begin; r < begin + rows; ++r) {
      const int64_t target = a_.targets[r] - first;
      if (target < 0 || target >= width) continue;
      float* const to = a_.dweight.data + a_.targets[r] * d;
      const float* const x = a_.x + r * d;
#pragma omp simd
      for (int64_t c = 0; c < d; ++c) to[c] -= a_.gradient_scale * x[c];
    }
  }

  // The tile's part of dx, but for the targets'.
  void TileX(int64_t t, int64_t rows) {
    const int64_t d = a_.features, width = Width(t), strips = TileCount(width);
    const TileFactor weight = {weight_.data + t * kTile * d, d};
    const Bfloat16Scratch right(depth_ * strips * kTileBlock);
    for (int64_t s = 0; s < depth_; ++s) {
      PackRight(weight, 0, width, s * kTileSide, std::min(kTileSide, d - s * kTileSide),
                right.data() + s * strips * kTileBlock);
    }
    const Scratch sums(depth_ * kTileBlock);
    const TileUse use;
    for (int64_t i = 0; i < TileCount(rows); ++i) {
      MultiplyStrips(strips, E(t, i), depth_, right.data(), strips * kTileBlock,
                     /*accumulate=*/false, sums.data());
      for (int64_t r = 0; r < std::min(kTileSide, rows - i * kTileSide); ++r) {
        const int64_t row = i * kTileSide + r;
        const float factor = rows_.tile_row(row, t).sum;
        float* const to = partial_dx_ + (t * block_rows_ + row) * d;
        ForEachOfRow(sums.data(), r, d, [=](int64_t c, float sum) { to[c] = factor * sum; });
      }
    }
  }

  const SoftmaxCrossEntropy& a_;
  const TileFactor weight_;
  const int64_t tiles_, depth_, block_rows_, strips_;
  const Bfloat16Scratch left_, exponentials_;
  SoftmaxRows rows_;
  const Scratch partial_dx_;
};

SoftmaxCrossEntropy::Result RunWidened(const SoftmaxCrossEntropy& map, const Bfloat16* weight) {
  const int64_t d = map.features;
  const Scratch wide(map.vocabulary * d), x(map.rows * d);
  const Bfloat16Scratch rounded(map.rows * d);
  ToFloat(map.vocabulary * d, weight, wide.data());
  ToBfloat16(map.rows * d, map.x, rounded.data());
  ToFloat(map.rows * d, rounded.data(), x.data());
  SoftmaxCrossEntropy same = map;
  same.x = x.data();
  same.weight = wide.data();
  return same.Run();
}

}  // namespace

SoftmaxCrossEntropy::Result Bfloat16SoftmaxCrossEntropy::Run() const {
  if (map.rows == 0 || !HasTiles()) return RunWidened(map, weight);
  map.CheckTargets();
  TiledBlocks run(map, weight);
  SoftmaxCrossEntropy::Result result;
#pragma omp parallel
  for (int64_t begin = 0; begin < map.rows; begin += run.block_rows()) {
    const int64_t count = std::min(run.block_rows(), map.rows - begin);
    run.Scores(begin, count);
    run.rows().Combine(count, map.gradient_scale);
    if (map.dx || map.dweight || map.dbias) run.Gradients(begin, count);
#pragma omp single
    run.rows().AddTo(result, count);
  }
  return result;
}

}  // namespace pretext
