// Elementary functions for loops that the compiler vectorises: branch-free, inline, no calls.
//
//   #pragma omp simd
//   for (int64_t i = 0; i < n; ++i) y[i] = Exp(x[i]);
//
// The C library's functions keep such a loop scalar. Errors are against the exact
// value, in units in the last place of the result, over all normal results (tested);
// results below the normal range have that absolute error. NaN gives NaN;
// the limits at infinity are the exact ones unless said otherwise.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace pretext {

// e^x, within 1 ulp. Overflows to infinity, underflows gradually to 0.
[[gnu::always_inline]] inline float Exp(float x) {
  constexpr float kLog2E = 1.44269504088896341f;
  constexpr float kLn2High = 0.693359375f;  // 9 bits: n · kLn2High is exact
  constexpr float kLn2Low = -2.12194440e-4f;
  constexpr float kRound = 0x1.8p23f;  // adding it rounds to an integer, kept in the low bits
  x = x > 89.0f ? 89.0f : x;
  x = x < -104.0f ? -104.0f : x;
  const float shifted = std::fma(x, kLog2E, kRound);
  const float n = shifted - kRound;
  float r = std::fma(n, -kLn2High, x);
  r = std::fma(n, -kLn2Low, r);
  // Minimax polynomial on [-ln 2 / 2, ln 2 / 2] (Cephes, expf).
  float p = 1.9875691500e-4f;
  p = std::fma(p, r, 1.3981999507e-3f);
  p = std::fma(p, r, 8.3334519073e-3f);
  p = std::fma(p, r, 4.1665795894e-2f);
  p = std::fma(p, r, 1.6666665459e-1f);
  p = std::fma(p, r, 5.0000001201e-1f);
  p = std::fma(p, r * r, r) + 1.0f;
  // Times 2^n in two steps: 2^n itself may be beyond the range of a float
  // although the result is not.
  const int32_t exponent = std::bit_cast<int32_t>(shifted) - std::bit_cast<int32_t>(kRound);
  const int32_t half = exponent >> 1;
  const float first = std::bit_cast<float>((half + 127) << 23);
  const float second = std::bit_cast<float>((exponent - half + 127) << 23);
  return p * first * second;
}

// 1 / (1 + e^-x), within 3 ulp.
[[gnu::always_inline]] inline float Sigmoid(float x) {
  const float e = Exp(-std::fabs(x));  // at most 1: nothing overflows
  const float s = 1.0f / (1.0f + e);
  return x < 0.0f ? e * s : s;
}

// Within 3 ulp.
[[gnu::always_inline]] inline float Tanh(float x) {
  const float a = std::fabs(x);
  // Near 0 an odd polynomial (Cephes, tanhf): 1 - 2 / (e^2a + 1) would cancel.
  const float square = x * x;
  float p = -5.70498872745e-3f;
  p = std::fma(p, square, 2.06390887954e-2f);
  p = std::fma(p, square, -5.37397155531e-2f);
  p = std::fma(p, square, 1.33314422036e-1f);
  p = std::fma(p, square, -3.33332819422e-1f);
  const float near = std::fma(p * square, x, x);
  const float far = std::copysign(1.0f - 2.0f / (Exp(2.0f * a) + 1.0f), x);
  return a < 0.625f ? near : far;
}

// The standard normal distribution at one point.
struct Normal {
  float cdf;      // Φ(x), within 6 ulp, in the lower tail too
  float density;  // φ(x) = Φ'(x), within 3 ulp
};

[[gnu::always_inline]] inline Normal StandardNormal(float x) {
  // Φ(-t) = e^(-t²/2) R(t) for t >= 0, with R as a polynomial in 1 / (1 + 0.3 t): weighted least
  // squares, reweighted to the minimax fit, relative error below 2^-24 on [0, 14.5], beyond which
  // e^(-t²/2) is 0.
  float t = std::fabs(x);
  t = t > 14.5f ? 14.5f : t;
  const float z = 1.0f / std::fma(0.3f, t, 1.0f);
  const float y = std::fma(2.0f, z, -1.0f);
  float r = -4.02802018e-05f;
  r = std::fma(r, y, 7.66796756e-05f);
  r = std::fma(r, y, 2.80606495e-04f);
  r = std::fma(r, y, -5.69690577e-04f);
  r = std::fma(r, y, -2.42349417e-03f);
  r = std::fma(r, y, 1.81603176e-03f);
  r = std::fma(r, y, 2.77603367e-02f);
  r = std::fma(r, y, 8.65497101e-02f);
  r = std::fma(r, y, 1.64579485e-01f);
  r = std::fma(r, y, 2.21970613e-01f);
  // t² in two parts: its rounding error alone would be dozens of ulp of e^(-t²/2) in the tail.
  const float square = t * t;
  const float rest = std::fma(t, t, -square);
  const float e = Exp(-0.5f * square);
  const float gauss = std::fma(-0.5f * rest, e, e);
  const float tail = gauss * (r * z);
  constexpr float kInverseSqrtTwoPi = 0.398942280401432678f;
  return {x > 0.0f ? 1.0f - tail : tail, gauss * kInverseSqrtTwoPi};
}

// The functions of one number, a line each, for their test and their benchmark (bench/kernels):
//
//   F(name, the call, the exact function in double, ulps that it is within, |x| up to which)
#define PRETEXT_VECTOR_FUNCTIONS(F)                                                     \
  F(Exp, Exp(x), std::exp(x), 1, 1000)                                                  \
  F(Sigmoid, Sigmoid(x), 1 / (1 + std::exp(-x)), 3, 200)                                \
  F(Tanh, Tanh(x), std::tanh(x), 3, 200)                                                \
  F(NormalCdf, StandardNormal(x).cdf, 0.5 * std::erfc(-x / std::numbers::sqrt2), 6, 40) \
  F(NormalDensity, StandardNormal(x).density,                                           \
    std::exp(-0.5 * x * x) / std::sqrt(2 * std::numbers::pi), 3, 40)

}  // namespace pretext
