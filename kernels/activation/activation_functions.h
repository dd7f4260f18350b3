// The functions themselves, for loops that are fused with other work. Internal to kernels.
#pragma once

#include <cmath>

#include "kernels/activation/activation.h"
#include "kernels/vector_math/vector_math.h"

namespace pretext::activation_internal {

// Each: Value(x), and Slope(saved) with saved = y or x as DerivativeFromOutput says.
template <Activation activation>
struct Function;

// What they are derived from.
template <Activation activation>
struct FunctionBase {
  static constexpr bool kFromOutput = DerivativeFromOutput(activation);
};

template <>
struct Function<Activation::kIdentity> : FunctionBase<Activation::kIdentity> {
  [[gnu::always_inline]] static float Value(float x) { return x; }
  [[gnu::always_inline]] static float Slope(float) { return 1.0f; }
};

template <>
struct Function<Activation::kRelu> : FunctionBase<Activation::kRelu> {
  [[gnu::always_inline]] static float Value(float x) { return x < 0.0f ? 0.0f : x; }  // NaN stays
  [[gnu::always_inline]] static float Slope(float y) { return y > 0.0f ? 1.0f : 0.0f; }
};

template <>
struct Function<Activation::kGelu> : FunctionBase<Activation::kGelu> {
  [[gnu::always_inline]] static float Value(float x) { return x * StandardNormal(x).cdf; }
  [[gnu::always_inline]] static float Slope(float x) {
    const Normal normal = StandardNormal(x);
    return std::fma(x, normal.density, normal.cdf);
  }
};

template <>
struct Function<Activation::kGeluTanh> : FunctionBase<Activation::kGeluTanh> {
  // (1 + tanh u) / 2 = sigmoid(2u), without the cancellation for negative u.
  static constexpr float kTwiceSqrtTwoOverPi = 1.59576912160573071f;
  static constexpr float kCubic = 0.044715f;
  [[gnu::always_inline]] static float Value(float x) {
    const float cubic = std::fma(kCubic * x, x * x, x);
    return x * Sigmoid(kTwiceSqrtTwoOverPi * cubic);
  }
  [[gnu::always_inline]] static float Slope(float x) {
    // Beyond, the slope is 0 or 1, and squares would overflow; NaN stays.
    const float at = x < -16.0f ? -16.0f : x > 16.0f ? 16.0f : x;
    const float square = at * at;
    const float s = Sigmoid(kTwiceSqrtTwoOverPi * std::fma(kCubic * at, square, at));
    const float slope = kTwiceSqrtTwoOverPi * std::fma(3.0f * kCubic, square, 1.0f);
    return std::fma(at * s * (1.0f - s), slope, s);
  }
};

template <>
struct Function<Activation::kSigmoid> : FunctionBase<Activation::kSigmoid> {
  [[gnu::always_inline]] static float Value(float x) { return Sigmoid(x); }
  [[gnu::always_inline]] static float Slope(float y) { return y * (1.0f - y); }
};

template <>
struct Function<Activation::kTanh> : FunctionBase<Activation::kTanh> {
  [[gnu::always_inline]] static float Value(float x) { return Tanh(x); }
  [[gnu::always_inline]] static float Slope(float y) { return std::fma(-y, y, 1.0f); }
};

// Calls visitor(Function<activation>()).
template <class Visitor>
void Dispatch(Activation activation, Visitor visitor) {
  switch (activation) {
#define PRETEXT_ACTIVATION_CASE(name, from, ulps, ...) \
  case Activation::k##name:                            \
    return visitor(Function<Activation::k##name>());
    PRETEXT_ACTIVATIONS(PRETEXT_ACTIVATION_CASE)
#undef PRETEXT_ACTIVATION_CASE
  }
}

}  // namespace pretext::activation_internal
