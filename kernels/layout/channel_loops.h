// Loops over a ChannelOrder with a vector of channels at a time. Internal to kernels.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "kernels/layout/channel_order.h"

namespace pretext::channel_loops {

// GCC's vectors: elementary operations and ?: by element; any processor (the compiler splits them).
using Lanes16 [[gnu::vector_size(64)]] = float;
using Lanes8 [[gnu::vector_size(32)]] = float;
using Lanes1 = float;

template <class V>
inline constexpr int64_t kLanes = static_cast<int64_t>(sizeof(V) / sizeof(float));

template <class V>
[[gnu::always_inline]] inline V Load(const float* p) {
  V v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
template <class V>
[[gnu::always_inline]] inline void Store(float* p, V v) {
  std::memcpy(p, &v, sizeof v);
}
template <class V>
[[gnu::always_inline]] inline V Splat(float value) {
  return V{} + value;
}

// The channels' parameters of a group of lanes: absent ones (null, or beyond the last channel) are
// `otherwise`.
template <class V>
[[gnu::always_inline]] inline V LoadChannels(const float* values, int64_t first, int64_t channels,
                                             float otherwise) {
  if (values == nullptr) return Splat<V>(otherwise);
  if (first + kLanes<V> <= channels) return Load<V>(values + first);
  V v = Splat<V>(otherwise);
  std::memcpy(&v, values + first, sizeof(float) * static_cast<size_t>(channels - first));
  return v;
}

// A piece of work: positions [begin, end) of the channels [channel, channel + lanes of V) of one
// sample.
struct Piece {
  int64_t channel;
  int64_t sample;
  int64_t begin, end;
  int64_t offset;  // of the channel and the sample in the data
};

inline constexpr int64_t kSegment = 256;  // positions that are summed up in single precision
inline constexpr int64_t kPiecePositions = 2048;  // of a piece at most

enum class Padding : uint8_t { kCover, kSkip };

// Calls body.template operator()<V>(piece) for pieces that cover `samples` samples of all channels
// in the order of memory, from the OpenMP threads, with the padding of blocked orders or without.
// Position ranges start at multiples of kPiecePositions. Pieces depend on the shape alone.
template <class Body>
void ForEachPiece(const ChannelOrder& o, int64_t samples, const Body& body,
                  Padding padding = Padding::kCover) {
  const int64_t ranges = (o.positions + kPiecePositions - 1) / kPiecePositions;
  const int64_t blocks = o.blocks();
  const int64_t pieces = samples * blocks * ranges;
  const auto run = [&](int64_t i) {
    const int64_t range = i % ranges, block = i / ranges % blocks, sample = i / ranges / blocks;
    Piece piece = {.channel = block * o.lanes,
                   .sample = sample,
                   .begin = range * kPiecePositions,
                   .end = std::min(o.positions, (range + 1) * kPiecePositions),
                   .offset = sample * o.sample_stride + block * o.block_stride};
    const int64_t width = o.padded() && padding == Padding::kCover ? o.lanes : o.width(block);
    if (width == 16) {
      body.template operator()<Lanes16>(piece);
    } else if (width == 8) {
      body.template operator()<Lanes8>(piece);
    } else {
      for (int64_t lane = 0; lane < width; ++lane, ++piece.channel, ++piece.offset) {
        body.template operator()<Lanes1>(piece);
      }
    }
  };
  constexpr int64_t kWorthThreads = 1 << 14;  // values
  if (samples * o.positions * o.channels < kWorthThreads) {
    for (int64_t i = 0; i < pieces; ++i) run(i);
    return;
  }
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < pieces; ++i) run(i);
}

}  // namespace pretext::channel_loops
