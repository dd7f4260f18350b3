// How the matrices of Winograd's convolutions lie in memory. Internal to the package
// (winograd_conv.h).
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/parallel/parallel.h"
#include "kernels/conv/winograd_products.h"
#include "kernels/conv/winograd_transforms.h"

namespace pretext::conv_internal {

// A range of tiles, the i-th of so many about equal parts of `total`.
struct TileShare {
  int64_t first, count;
  TileShare(int64_t total, int64_t parts, int64_t i)
      : first(i * total / parts), count((i + 1) * total / parts - first) {}
};

inline int64_t Ceiling(int64_t n, int64_t part) { return (n + part - 1) / part; }

// The numbers of a block of tiles on the transformed side: points, then panels of some channels,
// then tiles. An odd number of cache lines a point, so that a tile's points fall on different sets
// of the cache.
struct TransformedTiles {
  float* data;
  int64_t tiles, channels, panel;

  static int64_t PointStride(int64_t tiles, int64_t channels) {
    return (tiles * channels / kWinogradBlock | 1) * kWinogradBlock;
  }
  static int64_t Size(int64_t tiles, int64_t channels) {
    return kWinogradPoints * PointStride(tiles, channels);
  }
  int64_t point_stride() const { return PointStride(tiles, channels); }
  int64_t width(int64_t channel) const {
    return std::min(panel, channels - channel / panel * panel);
  }
  // Of 16 channels, from a tile on.
  WinogradPlace At(int64_t channel, int64_t tile) const {
    const int64_t in_panel = channel % panel;
    return {data + (channel - in_panel) * tiles + tile * width(channel) + in_panel, point_stride(),
            width(channel)};
  }
  // A panel of one point.
  float* Of(int64_t point, int64_t channel) const {
    return data + point * point_stride() + channel * tiles;
  }
};

// U and dU: panels of `out`, then points, then a row of the panel for each `in`.
struct TransformedWeights {
  float* data;
  int64_t in, out;

  int64_t width(int64_t o) const {
    return std::min(kWinogradPanel, out - o / kWinogradPanel * kWinogradPanel);
  }
  float* Panel(int64_t point, int64_t o) const {
    return data + (o * kWinogradPoints + point * width(o)) * in;
  }
  // Of 16 × 16.
  WinogradPlace At(int64_t i, int64_t o) const {
    const int64_t in_panel = o % kWinogradPanel;
    return {Panel(0, o - in_panel) + i * width(o) + in_panel, in * width(o), width(o)};
  }
  // body(in, out) for blocks of 16 × 16.
  template <class Body>
  void ForEachBlock(const Body& body) const {
    const int64_t ins = in / kWinogradBlock;
    ParallelFor(ins * (out / kWinogradBlock), 2 * kWinogradPoints * kWinogradBlock * kWinogradBlock,
                [&](int64_t i) { body(i % ins * kWinogradBlock, i / ins * kWinogradBlock); });
  }
};

}  // namespace pretext::conv_internal
