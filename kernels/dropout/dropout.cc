#include "kernels/dropout/dropout.h"

#include <algorithm>
#include <cmath>

#include "base/check/check.h"

#ifdef __AVX512F__
#include <immintrin.h>
#endif

namespace pretext {
namespace {

constexpr int kLanes = 16;
constexpr int kGroup = 8 * kLanes;  // elements of sixteen Philox blocks
constexpr uint32_t kMultiplier0 = 0xD2511F53u, kMultiplier1 = 0xCD9E8D57u;
constexpr uint32_t kWeyl0 = 0x9E3779B9u, kWeyl1 = 0xBB67AE85u;
constexpr int kRounds = 10;

// words[w][lane] of the blocks first_block + lane: base/random/random.h's Philox,
// sixteen counters at once.
#ifdef __AVX512F__
void PhiloxLanes(const PhiloxState& stream, uint32_t first_block, uint32_t (&words)[4][kLanes]) {
  // A counter word in each 64-bit lane; only the low half counts (the multiplication reads no
  // more), so the product serves as its own low word. Two halves of eight lanes each.
  const __m512i low = _mm512_set1_epi64(0xffffffff);
  const __m512i m0 = _mm512_set1_epi64(kMultiplier0), m1 = _mm512_set1_epi64(kMultiplier1);
  const __m512i lane = _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0);
  __m512i c0[2], c1[2], c2[2], c3[2];
  for (int h = 0; h < 2; ++h) {
    // Beyond 2^32 the counter wraps, as in the other version.
    c0[h] = _mm512_and_si512(_mm512_add_epi64(_mm512_set1_epi64(first_block + 8u * h), lane), low);
    c1[h] = _mm512_set1_epi64(stream.counter[0]);
    c2[h] = _mm512_set1_epi64(stream.counter[1]);
    c3[h] = _mm512_set1_epi64(stream.counter[2]);
  }
  uint32_t k0 = stream.key[0], k1 = stream.key[1];
  for (int round = 0; round < kRounds; ++round) {
    const __m512i key0 = _mm512_set1_epi64(k0), key1 = _mm512_set1_epi64(k1);
    for (int h = 0; h < 2; ++h) {
      const __m512i p0 = _mm512_mul_epu32(c0[h], m0), p1 = _mm512_mul_epu32(c2[h], m1);
      c0[h] = _mm512_ternarylogic_epi64(_mm512_srli_epi64(p1, 32), c1[h], key0,
                                        0x96);  // xor of the three
      c2[h] = _mm512_ternarylogic_epi64(_mm512_srli_epi64(p0, 32), c3[h], key1, 0x96);
      c1[h] = p1;
      c3[h] = p0;
    }
    k0 += kWeyl0;
    k1 += kWeyl1;
  }
  for (int h = 0; h < 2; ++h) {
    const __m512i out[4] = {c0[h], c1[h], c2[h], c3[h]};
    for (int w = 0; w < 4; ++w) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(words[w] + 8 * h),
                          _mm512_cvtepi64_epi32(out[w]));
    }
  }
}
#else
void PhiloxLanes(const PhiloxState& stream, uint32_t first_block, uint32_t (&words)[4][kLanes]) {
  uint32_t c0[kLanes], c1[kLanes], c2[kLanes], c3[kLanes];
  for (int lane = 0; lane < kLanes; ++lane) {
    c0[lane] = first_block + lane;
    c1[lane] = stream.counter[0];
    c2[lane] = stream.counter[1];
    c3[lane] = stream.counter[2];
  }
  uint32_t k0 = stream.key[0], k1 = stream.key[1];
  for (int round = 0; round < kRounds; ++round) {
#pragma omp simd
    for (int lane = 0; lane < kLanes; ++lane) {
      const uint64_t p0 = uint64_t{kMultiplier0} * c0[lane], p1 = uint64_t{kMultiplier1} * c2[lane];
      c0[lane] = static_cast<uint32_t>(p1 >> 32) ^ c1[lane] ^ k0;
      c2[lane] = static_cast<uint32_t>(p0 >> 32) ^ c3[lane] ^ k1;
      c1[lane] = static_cast<uint32_t>(p1);
      c3[lane] = static_cast<uint32_t>(p0);
    }
    k0 += kWeyl0;
    k1 += kWeyl1;
  }
  for (int lane = 0; lane < kLanes; ++lane) {
    words[0][lane] = c0[lane];
    words[1][lane] = c1[lane];
    words[2][lane] = c2[lane];
    words[3][lane] = c3[lane];
  }
}
#endif

// All 128 multipliers of a group.
void Group(const DropoutMask& dropout, uint32_t first_block, float* multipliers) {
  alignas(64) uint32_t words[4][kLanes];
  PhiloxLanes(dropout.stream, first_block, words);
  const float scale = dropout.scale;
  const uint32_t threshold = dropout.threshold;
  for (int w = 0; w < 4; ++w) {
    float* even = multipliers + 2 * w * kLanes;
    float* odd = even + kLanes;
#pragma omp simd
    for (int lane = 0; lane < kLanes; ++lane) {
      even[lane] = (words[w][lane] & 0xffffu) >= threshold ? scale : 0.0f;
      odd[lane] = (words[w][lane] >> 16) >= threshold ? scale : 0.0f;
    }
  }
}

}  // namespace

DropoutMask MakeDropout(const RandomKey& key, float probability) {
  PRETEXT_CHECK(probability >= 0 && probability < 1, "a dropout probability is in [0, 1)");
  DropoutMask dropout;
  dropout.stream = MakePhiloxState(key);
  dropout.threshold = std::min<uint32_t>(std::lround(probability * 65536.0f), 65535);
  dropout.scale = 65536.0f / static_cast<float>(65536 - dropout.threshold);
  return dropout;
}

void DropoutRow(const DropoutMask& dropout, int64_t row, int64_t columns, float* multipliers) {
  DropoutRowStart(dropout, row, columns, columns, multipliers);
}

void DropoutRowStart(const DropoutMask& dropout, int64_t row, int64_t columns, int64_t count,
                     float* multipliers) {
  const int64_t groups = (columns + kGroup - 1) / kGroup;
  uint32_t block = static_cast<uint32_t>(row * groups * kLanes);
  int64_t column = 0;
  for (; column + kGroup <= count; column += kGroup, block += kLanes) {
    Group(dropout, block, multipliers + column);
  }
  if (column < count) {
    alignas(64) float last[kGroup];
    Group(dropout, block, last);
    std::copy_n(last, count - column, multipliers + column);
  }
}

void ApplyDropout(const DropoutMask& dropout, int64_t first_row, int64_t rows, int64_t columns,
                  const float* x, float* y) {
  constexpr int64_t kParallel = 16384;  // elements from which the threads are worth waking
  const int64_t groups = (columns + kGroup - 1) / kGroup;
#pragma omp parallel for schedule(static) if (rows * columns >= kParallel)
  for (int64_t r = 0; r < rows; ++r) {
    uint32_t block = static_cast<uint32_t>((first_row + r) * groups * kLanes);
    for (int64_t begin = 0; begin < columns; begin += kGroup, block += kLanes) {
      alignas(64) float multipliers[kGroup];
      Group(dropout, block, multipliers);
      const int64_t count = std::min<int64_t>(kGroup, columns - begin);
      const float* in = x + r * columns + begin;
      float* out = y + r * columns + begin;
#pragma omp simd
      for (int64_t i = 0; i < count; ++i) out[i] = in[i] * multipliers[i];
    }
  }
}

}  // namespace pretext
