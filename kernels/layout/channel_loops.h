// Loops over a ChannelOrder with a vector of channels at a time. Internal to kernels.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include "base/parallel/parallel.h"
#include "kernels/bfloat16/bfloat16.h"
#include "kernels/layout/channel_order.h"

#if defined(__AVX512BF16__)
#include <immintrin.h>
#endif

namespace pretext::channel_loops {

// Functions that take and give vectors are inlined into the loops of one file: how calls pass
// vectors does not matter.
#pragma GCC diagnostic ignored "-Wpsabi"

// GCC's vectors: elementary operations and ?: by element; any processor (the compiler splits them).
using Lanes16 [[gnu::vector_size(64)]] = float;
using Lanes8 [[gnu::vector_size(32)]] = float;
using Lanes4 [[gnu::vector_size(16)]] = float;
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
// The same of bfloat16: to float32 exactly, and back by rounding (kernels/bfloat16). The
// processor's own instruction for that, where the build may use it, takes a tenth of the
// operations and gives the same but for denormal numbers, which it makes 0.
template <int64_t kCount>
struct Words {
  using Narrow [[gnu::vector_size(2 * kCount)]] = uint16_t;
  using Wide [[gnu::vector_size(4 * kCount)]] = uint32_t;
};
template <class V>
[[gnu::always_inline]] inline V Load(const Bfloat16* p) {
  if constexpr (kLanes<V> == 1) {
    return ToFloat(*p);
#if defined(__AVX512BF16__)
  } else if constexpr (kLanes<V> == 16) {
    __m256i narrow;
    std::memcpy(&narrow, p, sizeof narrow);
    constexpr __mmask16 kAll = 0xffff;  // GCC 12's header starts others from themselves
    const __m512i wide =
        _mm512_maskz_slli_epi32(kAll, _mm512_maskz_cvtepu16_epi32(kAll, narrow), 16);
    V v;
    std::memcpy(&v, &wide, sizeof v);
    return v;
#endif
  } else {
    using W = Words<kLanes<V>>;
    typename W::Narrow narrow;
    std::memcpy(&narrow, p, sizeof narrow);
    const typename W::Wide wide = __builtin_convertvector(narrow, typename W::Wide) << 16;
    V v;
    std::memcpy(&v, &wide, sizeof v);
    return v;
  }
}
template <class V>
[[gnu::always_inline]] inline void Store(Bfloat16* p, V v) {
  if constexpr (kLanes<V> == 1) {
    *p = ToBfloat16(v);
#if defined(__AVX512BF16__)
  } else if constexpr (kLanes<V> == 16) {
    const __m256bh narrow = _mm512_cvtneps_pbh(std::bit_cast<__m512>(v));
    std::memcpy(p, &narrow, sizeof narrow);
#endif
  } else {
    using W = Words<kLanes<V>>;
    typename W::Wide bits;
    std::memcpy(&bits, &v, sizeof v);
    const typename W::Wide rounded = (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;
    const typename W::Wide nan = bits >> 16 | 0x40u;
    const typename W::Wide word = (bits & 0x7fffffffu) > 0x7f800000u ? nan : rounded;
    const typename W::Narrow narrow = __builtin_convertvector(word, typename W::Narrow);
    std::memcpy(p, &narrow, sizeof narrow);
  }
}
template <class V>
[[gnu::always_inline]] inline V Splat(float value) {
  return V{} + value;
}

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

// Calls body.template operator()<V>(lane) for vectors that cover `width` lanes: 16 or 8 at once;
// fewer in vectors as large as go into them.
template <class Body>
[[gnu::always_inline]] inline void ForEachVector(int64_t width, const Body& body) {
  int64_t lane = 0;
  const auto take = [&]<class V>() {
    for (; lane + kLanes<V> <= width; lane += kLanes<V>) body.template operator()<V>(lane);
  };
  take.template operator()<Lanes16>();
  take.template operator()<Lanes8>();
  take.template operator()<Lanes4>();
  take.template operator()<Lanes1>();
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
