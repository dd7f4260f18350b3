// bfloat16: the upper half of a float32, eight bits of exponent and seven of mantissa (Wang and
// Kanwar 2019). For activations and the operands of products, which are summed up in float32.
//
// float32 is rounded to the nearest, ties to even: a relative error of at most 2^-8 for normal
// numbers. NaN stays NaN, infinities stay, what is larger than the largest bfloat16 becomes
// infinite.
#pragma once

#include <bit>
#include <cstdint>

namespace pretext {

struct Bfloat16 {
  uint16_t bits;

  friend bool operator==(const Bfloat16&, const Bfloat16&) = default;
};

// The largest relative error of rounding to it.
inline constexpr double kBfloat16Rounding = 0x1p-8;

inline Bfloat16 ToBfloat16(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint32_t rounded = (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;
  const uint32_t nan = bits >> 16 | 0x40u;
  return {static_cast<uint16_t>((bits & 0x7fffffffu) > 0x7f800000u ? nan : rounded)};
}
inline float ToFloat(Bfloat16 value) {
  return std::bit_cast<float>(static_cast<uint32_t>(value.bits) << 16);
}

// n values, side by side. Shared among the OpenMP threads. Denormal numbers may become 0: by the
// processor's own instruction they do.
void ToBfloat16(int64_t n, const float* from, Bfloat16* to);
void ToFloat(int64_t n, const Bfloat16* from, float* to);

// to[i] = to[i] + scale · from[i], added in float32 and rounded once.
void AddToBfloat16(int64_t n, float scale, const Bfloat16* from, Bfloat16* to);

}  // namespace pretext
