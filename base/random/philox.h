// The rounds of Philox 4×32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"),
// for one counter or for many side by side: written once, so that all of them give the same bits.
//
// A block is four words of 32 bits, first the counter. A round makes of the words c and the key k
//
//   c0' = high(M1 c2) ^ c1 ^ k0      c1' = low(M1 c2)
//   c2' = high(M0 c0) ^ c3 ^ k1      c3' = low(M0 c0)        then  k0 += W0,  k1 += W1
//
// high and low: the halves of the product of 64 bits. Internal to what draws random numbers.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#ifdef __SSE2__
#include <immintrin.h>
#endif

namespace pretext::philox_internal {

// A counter word in each lane of 64 bits; only the low half counts, so that a product serves as its
// own low word. One lane, or as many as a register of the processor has.
using Lane = uint64_t;
#if defined(__AVX512F__)
inline constexpr int kWidestLanes = 8;
#elif defined(__AVX2__)
inline constexpr int kWidestLanes = 4;
#else
inline constexpr int kWidestLanes = 2;
#endif
using WidestLanes [[gnu::vector_size(8 * kWidestLanes)]] = uint64_t;

// The product of the low halves: the instruction that multiplies 32 bits by 32, which the compiler
// does not find by itself.
[[gnu::always_inline]] inline Lane Product(Lane a, uint32_t b) {
  return uint64_t{static_cast<uint32_t>(a)} * b;
}
[[gnu::always_inline]] inline WidestLanes Product(WidestLanes a, uint32_t b) {
  const WidestLanes factor = WidestLanes{} + b;
#if defined(__AVX512F__)
  return (WidestLanes)_mm512_mul_epu32((__m512i)a, (__m512i)factor);
#elif defined(__AVX2__)
  return (WidestLanes)_mm256_mul_epu32((__m256i)a, (__m256i)factor);
#elif defined(__SSE2__)
  return (WidestLanes)_mm_mul_epu32((__m128i)a, (__m128i)factor);
#else
  return (a & 0xffffffffu) * factor;
#endif
}

[[gnu::always_inline]] inline Lane Xor(Lane a, Lane b, uint32_t key) { return a ^ b ^ key; }
[[gnu::always_inline]] inline WidestLanes Xor(WidestLanes a, WidestLanes b, uint32_t key) {
  const WidestLanes keys = WidestLanes{} + key;
#ifdef __AVX512F__
  return (WidestLanes)_mm512_ternarylogic_epi64((__m512i)a, (__m512i)b, (__m512i)keys,
                                                0x96);  // xor of the three
#else
  return a ^ b ^ keys;
#endif
}

// The ten rounds, over groups of lanes that hide each other's latencies.
template <class Lanes, int kGroups>
[[gnu::always_inline]] inline void Rounds(uint32_t key0, uint32_t key1, Lanes (&c)[4][kGroups]) {
  for (int round = 0; round < 10; ++round) {
#pragma GCC unroll 4
    for (int g = 0; g < kGroups; ++g) {
      const Lanes p0 = Product(c[0][g], 0xD2511F53u), p1 = Product(c[2][g], 0xCD9E8D57u);
      c[0][g] = Xor(p1 >> 32, c[1][g], key0);
      c[2][g] = Xor(p0 >> 32, c[3][g], key1);
      c[1][g] = p1;
      c[3][g] = p0;
    }
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
}

}  // namespace pretext::philox_internal

namespace pretext {

// words[w][i] = word w of the block whose counter is first + {i, 0, 0, 0}, the sum modulo 2^32;
// 0 <= i < kBlocks, a multiple of 16.
template <int kBlocks>
[[gnu::always_inline]] inline void PhiloxBlocks(const std::array<uint32_t, 4>& first,
                                                const std::array<uint32_t, 2>& key,
                                                uint32_t (&words)[4][kBlocks]) {
  using namespace philox_internal;  // NOLINT: its own
  constexpr int kGroups = 2, kStep = kGroups * kWidestLanes;
  static_assert(kBlocks % kStep == 0);
  WidestLanes lane;
  for (int i = 0; i < kWidestLanes; ++i) lane[i] = static_cast<uint64_t>(i);
  for (int begin = 0; begin < kBlocks; begin += kStep) {
    WidestLanes c[4][kGroups];
#pragma GCC unroll 4
    for (int g = 0; g < kGroups; ++g) {
      c[0][g] = lane + (first[0] + static_cast<uint32_t>(begin + g * kWidestLanes));
#pragma GCC unroll 4
      for (int w = 1; w < 4; ++w) c[w][g] = WidestLanes{} + first[w];
    }
    Rounds(key[0], key[1], c);
#pragma GCC unroll 4
    for (int w = 0; w < 4; ++w) {
#pragma GCC unroll 4
      for (int g = 0; g < kGroups; ++g) {
        using Words [[gnu::vector_size(4 * kWidestLanes)]] = uint32_t;
        const Words low = __builtin_convertvector(c[w][g], Words);
        std::memcpy(words[w] + begin + g * kWidestLanes, &low, sizeof low);
      }
    }
  }
}

}  // namespace pretext
