#include "kernels/nt_xent/bfloat16_products.h"

#include <algorithm>

#include "kernels/matrix_units/strips.h"

namespace pretext::nt_xent_internal {
namespace {

constexpr int64_t kTileStrips = kTileSize / kTileSide;

int64_t Strip(int64_t row) { return row / kTileSide; }
int64_t SizeOfStrip(int64_t rows, int64_t strip) {
  return std::min(kTileSide, rows - strip * kTileSide);
}

}  // namespace

Bfloat16Products::Worker::Worker(const Bfloat16Products& of)
    : rounded_(kTileSize * kTileStride), left_(kTileStrips * kTileBlock), sums_(of.Part()) {}

Bfloat16Products::Bfloat16Products(int64_t rows, int64_t features, const float* z)
    : features_(features),
      depth_(TileCount(features)),
      z_(z),
      left_(TileCount(rows) * 2 * Part()),
      right_(TileCount(rows) * 2 * Part()),
      values_(TileCount(rows) * Part()) {}

void Bfloat16Products::Prepare(RowBlock b) const {
  const Bfloat16Scratch high(kTileSide * features_), low(kTileSide * features_);
  for (int64_t s = 0; s < TileCount(b.count); ++s) {
    const int64_t strip = Strip(b.first) + s, rows = SizeOfStrip(b.count, s);
    StoreParts(rows * features_, z_ + strip * kTileSide * features_, high.data(), low.data());
    const SplitTileFactor as_rows = {{high.data(), features_}, {low.data(), features_}};
    const SplitTileFactor as_columns = {{high.data(), features_, /*transposed=*/true},
                                        {low.data(), features_, /*transposed=*/true}};
    PackSplitLeft(as_rows, 0, rows, 0, features_, Left(strip));
    PackSplitRight(as_columns, 0, features_, 0, rows, Right(strip));
    for (int64_t c = 0; c < depth_; ++c) {
      PackRight(as_rows.high, 0, rows, c * kTileSide, SizeOfStrip(features_, c),
                Values(strip) + c * kTileBlock);
    }
  }
}

void Bfloat16Products::Cosines(RowBlock a, RowBlock b, Worker& worker, float* tile) const {
  float* const sums = worker.sums_.data();
  for (int64_t i = 0; i < TileCount(a.count); ++i) {
    for (int64_t j = 0; j < TileCount(b.count); ++j) {
      MultiplySplitStrip(depth_, Left(Strip(a.first) + i), Right(Strip(b.first) + j),
                         /*accumulate=*/false, sums);
      float* const to = tile + i * kTileSide * kTileStride + j * kTileSide;
      for (int64_t r = 0; r < SizeOfStrip(a.count, i); ++r)
        std::copy_n(sums + r * kTileSide, kTileSide, to + r * kTileStride);
    }
  }
}

void Bfloat16Products::AddProduct(int64_t strips, int64_t first, int64_t count, Worker& worker,
                                  float* gradient) const {
  float* const sums = worker.sums_.data();
  TilePanel panels[kTileStrips];
  for (int64_t c = 0; c < depth_; ++c) {
    for (int64_t k = 0; k < strips; ++k) panels[k] = {k * kTileBlock, k * Part() + c * kTileBlock};
    MultiplyTiles(strips, panels, 1, worker.left_.data(), Values(first), /*accumulate=*/false,
                  sums + c * kTileBlock);
  }
  for (int64_t r = 0; r < count; ++r) {
    float* const to = gradient + r * features_;
    ForEachOfRow(sums, r, features_, [=](int64_t f, float sum) { to[f] += sum; });
  }
}

void Bfloat16Products::AddGradients(RowBlock a, RowBlock b, const float* weight, Worker& worker,
                                    float* gradient) const {
  Bfloat16* const rounded = worker.rounded_.data();
  for (int64_t i = 0; i < a.count; ++i)
    StoreParts(b.count, weight + i * kTileStride, rounded + i * kTileStride, nullptr);
  const auto add = [&](RowBlock to, RowBlock from, bool transposed) {
    const TileFactor weights = {rounded, kTileStride, transposed};
    for (int64_t s = 0; s < TileCount(to.count); ++s) {
      const int64_t row = s * kTileSide, count = SizeOfStrip(to.count, s);
      PackLeft(weights, row, count, 0, from.count, worker.left_.data());
      AddProduct(TileCount(from.count), Strip(from.first), count, worker,
                 gradient + (to.first + row) * features_);
    }
  };
  add(a, b, /*transposed=*/false);
  if (a.first != b.first) add(b, a, /*transposed=*/true);
}

}  // namespace pretext::nt_xent_internal
