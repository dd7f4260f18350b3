#include "kernels/nt_xent/tiles.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace pretext::nt_xent_internal {
namespace {

// 2^(x·k) = mantissa · 2^exponent, mantissa in [0.7, 1.42]. |x·k| < 2^22.
// x·k is never rounded: the reduction subtracts the integer from the exact product.
// Relative error below 1.3 · 2^-24 beside that of k.
struct Power {
  float mantissa;
  int32_t exponent;
};

[[gnu::always_inline]] inline Power PowerOfTwo(float x, float k) {
  constexpr float kRound = 0x1.8p23f;  // adding it rounds to an integer, kept in the low bits
  const float shifted = std::fma(x, k, kRound);
  const float r = std::fma(x, k, -(shifted - kRound));
  // Minimax polynomial of 2^r on [-1/2, 1/2], relative error 2e-9, constant term 1.
  float p = 1.5353362e-4f;
  p = std::fma(p, r, 1.3398875e-3f);
  p = std::fma(p, r, 9.6184369e-3f);
  p = std::fma(p, r, 5.5503324e-2f);
  p = std::fma(p, r, 2.4022648e-1f);
  p = std::fma(p, r, 6.9314718e-1f);
  p = std::fma(p, r, 1.0f);
  return {p, std::bit_cast<int32_t>(shifted) - std::bit_cast<int32_t>(kRound)};
}

// mantissa · 2^exponent where that is a normal float.
[[gnu::always_inline]] inline float Compose(float mantissa, int32_t exponent) {
  return std::bit_cast<float>(std::bit_cast<int32_t>(mantissa) + (exponent << 23));
}

// The same for exponent <= 0; at most 2^-124 where the result is smaller than that: next to the
// row's maximum it does not count.
[[gnu::always_inline]] inline float ComposeOrTiny(float mantissa, int32_t exponent) {
  return Compose(mantissa, exponent < -125 ? -125 : exponent);
}

// GCC does not vectorise a maximum of floats by itself while NaN counts.
float Largest(const float* values, int64_t count) {
  constexpr int64_t kLanes = 16;
  std::array<float, kLanes> lanes;
  lanes.fill(-HUGE_VALF);
  int64_t j = 0;
  for (; j + kLanes <= count; j += kLanes) {
#pragma omp simd
    for (int64_t l = 0; l < kLanes; ++l) lanes[l] = std::max(lanes[l], values[j + l]);
  }
  for (; j < count; ++j) lanes[0] = std::max(lanes[0], values[j]);
  return *std::max_element(lanes.begin(), lanes.end());
}

void Add(ShiftedSum& sum, int32_t shift, double value) {
  if (sum.value == 0) {
    sum = {value, shift};
    return;
  }
  sum = {std::ldexp(sum.value, sum.shift - shift) + value, shift};
}

// The shift of a sum once a term with this largest cosine joins it.
int32_t ShiftWith(const ShiftedSum& sum, float largest, float k) {
  return std::max(sum.shift, static_cast<int32_t>(std::ceil(largest * k)) + 1);
}

}  // namespace

void AddTerms(TileShape shape, float k, const float* tile, ShiftedSum* rows, ShiftedSum* columns) {
  std::array<float, kTileSize> largest;
  std::array<int32_t, kTileSize> shifts;
  std::array<float, kTileSize> sums{};
  largest.fill(-HUGE_VALF);
  shifts.fill(0);
  if (columns != nullptr) {
    for (int64_t i = 0; i < shape.rows; ++i) {
      const float* row = tile + i * kTileStride;
#pragma omp simd
      for (int64_t j = 0; j < shape.columns; ++j) largest[j] = std::max(largest[j], row[j]);
    }
    for (int64_t j = 0; j < shape.columns; ++j) shifts[j] = ShiftWith(columns[j], largest[j], k);
  } else {
    shifts.fill(INT32_MAX / 2);  // the sums are not used; every term is tiny
  }
  for (int64_t i = 0; i < shape.rows; ++i) {
    const float* row = tile + i * kTileStride;
    const int32_t shift = ShiftWith(rows[i], Largest(row, shape.columns), k);
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t j = 0; j < shape.columns; ++j) {
      const Power power = PowerOfTwo(row[j], k);
      sum += ComposeOrTiny(power.mantissa, power.exponent - shift);
      sums[j] += ComposeOrTiny(power.mantissa, power.exponent - shifts[j]);
    }
    Add(rows[i], shift, sum);
  }
  if (columns == nullptr) return;
  for (int64_t j = 0; j < shape.columns; ++j) Add(columns[j], shifts[j], sums[j]);
}

void CosinesToWeights(TileShape shape, float k, const float* row_scale, const int32_t* row_shift,
                      const float* column_scale, const int32_t* column_shift, float* tile) {
  for (int64_t i = 0; i < shape.rows; ++i) {
    float* row = tile + i * kTileStride;
    const float scale = row_scale[i];
    const int32_t shift = row_shift[i];
#pragma omp simd
    for (int64_t j = 0; j < shape.columns; ++j) {
      const Power power = PowerOfTwo(row[j], k);
      row[j] = scale * ComposeOrTiny(power.mantissa, power.exponent - shift) +
               column_scale[j] * ComposeOrTiny(power.mantissa, power.exponent - column_shift[j]);
    }
  }
}

}  // namespace pretext::nt_xent_internal
