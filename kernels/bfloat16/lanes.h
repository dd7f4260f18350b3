// Vectors of float32, read from and written to float32 or bfloat16. Internal to kernels.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "kernels/bfloat16/bfloat16.h"

#if defined(__AVX512BF16__)
#include <immintrin.h>
#endif

namespace pretext::lanes {

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

// function of each lane.
template <float function(float), class V>
[[gnu::always_inline]] inline V ByLanes(V v) {
  float x[kLanes<V>];
  Store(x, v);
#pragma omp simd
  for (int lane = 0; lane < kLanes<V>; ++lane) x[lane] = function(x[lane]);
  return Load<V>(x);
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

}  // namespace pretext::lanes
