// Loops over a ChannelOrder with a vector of channels at a time. Internal to kernels.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "base/parallel/parallel.h"
#include "kernels/bfloat16/lanes.h"
#include "kernels/layout/channel_order.h"

namespace pretext::channel_loops {

using namespace lanes;  // NOLINT: what the loops are made of

// The channels' parameters of a group of lanes: absent ones (null, or beyond the last channel)
// are `otherwise`.
template <class V>
[[gnu::always_inline]] inline V LoadChannels(const float* values, int64_t first, int64_t channels,
                                             float otherwise) {
  if (values == nullptr) return Splat<V>(otherwise);
  if (first + kLanes<V> <= channels) return Load<V>(values + first);
  V v = Splat<V>(otherwise);
  std::memcpy(&v, values + first, sizeof(float) * static_cast<size_t>(channels - first));
  return v;
}

// A piece of work: positions [begin, end) of the channels [channel, channel + lanes of V)
// of one sample.
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
    const Piece piece = {.channel = block * o.lanes,
                         .sample = sample,
                         .begin = range * kPiecePositions,
                         .end = std::min(o.positions, (range + 1) * kPiecePositions),
                         .offset = sample * o.sample_stride + block * o.block_stride};
    const int64_t width = o.padded() && padding == Padding::kCover ? o.lanes : o.width(block);
    ForEachVector(width, [&]<class V>(int64_t lane) {
      Piece part = piece;
      part.channel += lane;
      part.offset += lane;
      body.template operator()<V>(part);
    });
  };
  const int64_t values = samples * o.positions * o.channels;
  ParallelFor(pieces, 2 * values / std::max<int64_t>(1, pieces), run);
}

}  // namespace pretext::channel_loops
