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

// Calls body.template operator()<V>(piece) for the vectors of a block of channels, at positions
// [begin, end) of a sample, with the padding of blocked orders or without.
template <class Body>
[[gnu::always_inline]] inline void VisitBlock(const ChannelOrder& o, int64_t sample, int64_t block,
                                              int64_t begin, int64_t end, Padding padding,
                                              const Body& body) {
  const Piece piece = {.channel = block * o.lanes,
                       .sample = sample,
                       .begin = begin,
                       .end = end,
                       .offset = sample * o.sample_stride + block * o.block_stride};
  const int64_t width = o.padded() && padding == Padding::kCover ? o.lanes : o.width(block);
  ForEachVector(width, [&]<class V>(int64_t lane) {
    Piece part = piece;
    part.channel += lane;
    part.offset += lane;
    body.template operator()<V>(part);
  });
}

// body(i) for 0 <= i < items, which share the work on `samples` samples evenly.
template <class Body>
void ShareOut(const ChannelOrder& o, int64_t samples, int64_t items, const Body& body) {
  const int64_t values = samples * o.positions * o.channels;
  ParallelFor(items, 2 * values / std::max<int64_t>(1, items), body);
}

// Calls body.template operator()<V>(piece) for pieces that cover `samples` samples of all channels
// in the order of memory, from the OpenMP threads. Position ranges start at multiples of
// kPiecePositions. Pieces depend on the shape alone.
template <class Body>
void ForEachPiece(const ChannelOrder& o, int64_t samples, const Body& body,
                  Padding padding = Padding::kCover) {
  const int64_t ranges = (o.positions + kPiecePositions - 1) / kPiecePositions;
  const int64_t blocks = o.blocks();
  ShareOut(o, samples, samples * blocks * ranges, [&](int64_t i) {
    const int64_t range = i % ranges, block = i / ranges % blocks, sample = i / ranges / blocks;
    VisitBlock(o, sample, block, range * kPiecePositions,
               std::min(o.positions, (range + 1) * kPiecePositions), padding, body);
  });
}

// Whether a position holds the channels of all blocks side by side (channels last, matrices). Block
// by block, memory would be read in slices of a line or less, a row of channels apart: at a half to
// a third of the speed of reading it row by row.
inline bool InRows(const ChannelOrder& o) {
  return o.block_stride == o.lanes && o.position_stride > o.lanes;
}
inline constexpr int64_t kStrip = 16;  // positions of a block at a time, InRows; even

// As ForEachPiece, for what is done to each value by itself: pieces of any positions, so that
// memory is read row by row.
template <class Body>
void ForEachStrip(const ChannelOrder& o, int64_t samples, const Body& body,
                  Padding padding = Padding::kCover) {
  if (!InRows(o)) return ForEachPiece(o, samples, body, padding);
  constexpr int64_t kRange = 64;  // positions
  const int64_t ranges = (o.positions + kRange - 1) / kRange, blocks = o.blocks();
  ShareOut(o, samples, samples * ranges, [&](int64_t i) {
    const int64_t last = std::min(o.positions, (i % ranges + 1) * kRange);
    for (int64_t begin = i % ranges * kRange; begin < last; begin += kStrip) {
      for (int64_t block = 0; block < blocks; ++block) {
        VisitBlock(o, i / ranges, block, begin, std::min(last, begin + kStrip), padding, body);
      }
    }
  });
}

// kSums sums for each channel and each `segment` positions (the last ones of a sample may be fewer)
// of `samples` samples, with memory read as by ForEachStrip:
//
//   add.template operator()<V>(piece, sums)      adds a part of a segment to sums[0 .. kSums), 0 at
//                                                its start; parts come in the order of positions,
//                                                all but the last of an even length
//   finish.template operator()<V>(piece, sums)   is given the whole segment
template <int kSums, class Add, class Finish>
void ForEachSums(const ChannelOrder& o, int64_t samples, int64_t segment, const Add& add,
                 const Finish& finish) {
  constexpr int64_t kMostLanes = kLanes<Lanes16>, kMostBlocks = 32;
  const bool rows = InRows(o);
  const int64_t strip = rows ? kStrip : segment, panel = rows ? kMostBlocks : 1;
  const int64_t segments = (o.positions + segment - 1) / segment, blocks = o.blocks();
  const int64_t panels = (blocks + panel - 1) / panel;
  ShareOut(o, samples, samples * panels * segments, [&](int64_t i) {
    const int64_t first = i % segments * segment, last = std::min(o.positions, first + segment);
    const int64_t first_block = i / segments % panels * panel;
    const int64_t last_block = std::min(blocks, first_block + panel);
    float sums[kMostBlocks][kSums][kMostLanes];
    std::fill_n(&sums[0][0][0], (last_block - first_block) * kSums * kMostLanes, 0.0f);
    // Calls visit with a piece and its sums, in vectors.
    const auto visit = [&](int64_t block, int64_t begin, int64_t end, const auto& with) {
      float(&of_block)[kSums][kMostLanes] = sums[block - first_block];
      VisitBlock(o, i / segments / panels, block, begin, end, Padding::kCover,
                 [&]<class V>(const Piece& piece) {
                   const int64_t lane = piece.channel % o.lanes;
                   V held[kSums];
                   for (int k = 0; k < kSums; ++k) held[k] = Load<V>(&of_block[k][lane]);
                   with.template operator()<V>(piece, held);
                   for (int k = 0; k < kSums; ++k) Store(&of_block[k][lane], held[k]);
                 });
    };
    for (int64_t begin = first; begin < last; begin += strip) {
      for (int64_t block = first_block; block < last_block; ++block) {
        visit(block, begin, std::min(last, begin + strip), add);
      }
    }
    for (int64_t block = first_block; block < last_block; ++block) {
      visit(block, first, last, finish);
    }
  });
}

}  // namespace pretext::channel_loops
