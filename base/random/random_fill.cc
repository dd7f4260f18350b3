#include "base/random/random_fill.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "base/random/philox.h"

namespace pretext {
namespace {

constexpr int kBlocks = 16;          // Philox blocks made together: a vector of each word.
constexpr int kWords = 4 * kBlocks;  // The numbers that gives.

using Words = uint32_t[4][kBlocks];

// The natural logarithm of x in (0, 1], normal (Cephes, logf: within 1 ulp).
[[gnu::always_inline]] inline float Log(float x) {
  // x = mantissa * 2^exponent with the mantissa in [sqrt(1/2), sqrt(2)).
  const int32_t bits = std::bit_cast<int32_t>(x);
  const int32_t exponent = (bits - std::bit_cast<int32_t>(0.707106781f)) >> 23;
  const float m = std::bit_cast<float>(bits - (exponent << 23)) - 1.0f;
  float p = 7.0376836292e-2f;
  p = p * m - 1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m - 1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m - 1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m - 2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  const auto e = static_cast<float>(exponent);
  return p * m * m * m + (-2.12194440e-4f * e) - 0.5f * m * m + m + 0.693359375f * e;
}

// Box-Muller: two normals from two words.
[[gnu::always_inline]] inline void NormalPair(uint32_t a, uint32_t b, float& first, float& second) {
  const float u =
      (static_cast<float>(static_cast<int32_t>(a >> 8)) + 0.5f) * 0x1p-24f;  // in (0, 1]
  const float radius = std::sqrt(-2.0f * Log(u));
  // The angle: a quarter of the circle from the upper two bits, the place in it from the next 24.
  const float x =
      static_cast<float>(static_cast<int32_t>((b >> 6) & 0xffffffu)) * (1.57079632679f * 0x1p-24f);
  const float s = x * x;
  // Taylor, to x^13 and x^14: below 4e-9 on [0, pi/2).
  const float sine =
      x * (1 - s / 6 * (1 - s / 20 * (1 - s / 42 * (1 - s / 72 * (1 - s / 110 * (1 - s / 156))))));
  const float cosine =
      1 - s / 2 * (1 - s / 12 * (1 - s / 30 * (1 - s / 56 * (1 - s / 90 * (1 - s / 132)))));
  const bool odd = (b >> 30) & 1, lower = b >> 31;
  const float signed_radius = lower ? -radius : radius;
  first = signed_radius * (odd ? -sine : cosine);
  second = signed_radius * (odd ? cosine : sine);
}

void ToUniform(const Words& words, float* out) {
  for (int w = 0; w < 4; ++w) {
#pragma omp simd
    for (int b = 0; b < kBlocks; ++b) {
      out[w * kBlocks + b] = static_cast<float>(static_cast<int32_t>(words[w][b] >> 8)) * 0x1p-24f;
    }
  }
}

void ToNormal(const Words& words, float* out) {
  for (int w = 0; w < 4; w += 2) {
#pragma omp simd
    for (int b = 0; b < kBlocks; ++b) {
      NormalPair(words[w][b], words[w + 1][b], out[w * kBlocks + b], out[(w + 1) * kBlocks + b]);
    }
  }
}

template <typename Convert>
void Fill(Random& random, float* out, int64_t n, Convert convert) {
  std::array<uint32_t, 2> key;
  for (uint32_t& word : key) word = random.Next();
  Words words;
  uint64_t block = 0;  // a multiple of kBlocks: a vector of counters never passes 2^32
  const auto make = [&] {
    PhiloxBlocks<kBlocks>({static_cast<uint32_t>(block), static_cast<uint32_t>(block >> 32), 0, 0},
                          key, words);
  };
  for (; n >= kWords; n -= kWords, out += kWords, block += kBlocks) {
    make();
    convert(words, out);
  }
  if (n > 0) {
    float rest[kWords];
    make();
    convert(words, rest);
    std::copy_n(rest, n, out);
  }
}

}  // namespace

void FillUniform(Random& random, float* out, int64_t n) { Fill(random, out, n, ToUniform); }

void FillNormal(Random& random, float* out, int64_t n) { Fill(random, out, n, ToNormal); }

}  // namespace pretext
