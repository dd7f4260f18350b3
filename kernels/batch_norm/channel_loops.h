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
inline V LoadChannels(const float* values, int64_t first, int64_t channels, float otherwise) {
  V v = Splat<V>(otherwise);
  if (values != nullptr) {
    std::memcpy(&v, values + first,
                sizeof(float) * static_cast<size_t>(std::min(kLanes<V>, channels - first)));
  }
  return v;
}

// A piece of work: the channels [channel, channel + lanes of V), samples and positions of it.
struct Piece {
  int64_t channel;
  int64_t sample_begin, sample_end;
  int64_t position_begin, position_end;
  int64_t channel_offset;  // of the channel in the data

  const float* At(const ChannelOrder& o, const float* data, int64_t sample) const {
    return data + sample * o.sample_stride + channel_offset;
  }
  float* At(const ChannelOrder& o, float* data, int64_t sample) const {
    return data + sample * o.sample_stride + channel_offset;
  }
};

inline constexpr int64_t kSegment = 256;  // positions that are summed up in single precision

// Calls body.template operator()<V>(piece) for pieces that cover `samples` samples of all channels,
// from the OpenMP threads. Position ranges start at multiples of kSegment. Pieces depend on the
// shape alone.
template <class Body>
void ForEachPiece(const ChannelOrder& o, int64_t samples, const Body& body) {
  constexpr int64_t kPositions = 2048;  // of a piece, about
  const int64_t sample_group = std::max<int64_t>(1, kPositions / o.positions);
  const int64_t sample_groups = (samples + sample_group - 1) / sample_group;
  const int64_t position_groups = (o.positions + kPositions - 1) / kPositions;
  const int64_t pieces = sample_groups * o.blocks() * position_groups;
  const auto run = [&](int64_t i) {
    const int64_t position = i % position_groups, block = i / position_groups % o.blocks(),
                  group = i / position_groups / o.blocks();
    Piece piece = {.channel = block * o.lanes,
                   .sample_begin = group * sample_group,
                   .sample_end = std::min(samples, (group + 1) * sample_group),
                   .position_begin = position * kPositions,
                   .position_end = std::min(o.positions, (position + 1) * kPositions),
                   .channel_offset = block * o.block_stride};
    const int64_t width = o.padded() ? o.lanes : o.width(block);
    if (width == 16) {
      body.template operator()<Lanes16>(piece);
    } else if (width == 8) {
      body.template operator()<Lanes8>(piece);
    } else {
      for (int64_t lane = 0; lane < width; ++lane, ++piece.channel, ++piece.channel_offset) {
        body.template operator()<Lanes1>(piece);
      }
    }
  };
  if (pieces == 1) return run(0);
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < pieces; ++i) run(i);
}

}  // namespace pretext::channel_loops
