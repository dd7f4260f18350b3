// Activation functions and their derivatives, element by element.
//
//   kRelu      max(x, 0)
//   kGelu      x Φ(x), Φ the standard normal distribution (Hendrycks & Gimpel 2016, section 2)
//   kGeluTanh  x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2: its approximation, in BERT's own code
//   kSigmoid   1 / (1 + e^-x)
//   kTanh
//
// All calls split their work among the OpenMP threads when there is enough of it, and run on the
// calling thread from inside a parallel region. Elements are independent: the same bits whatever
// the number of threads. NaN propagates.
#pragma once

#include <cstdint>

namespace pretext {

// The functions, a line each. A new one is a line here and its loop's body in
// activation_functions.h; from this list come the enumeration, the choice of the loop, the tests
// against the definition wherever a kernel applies one, and the benchmark (bench/kernels).
//
//   F(name, Output or Input: what the derivative is computed from, argument ulps, f(x))
//
// f(x) is the definition, in double precision (std::erfc, std::numbers::pi). Argument ulps: how
// often the body rounds an argument whose error it then magnifies, as e^u does for a large u.
#define PRETEXT_ACTIVATIONS(F)                                                               \
  F(Identity, Output, 0, x)                                                                  \
  F(Relu, Output, 0, x < 0 ? 0 : x)                                                          \
  F(Gelu, Input, 0, 0.5 * x * std::erfc(-x / std::numbers::sqrt2))                           \
  F(GeluTanh, Input, 3,                                                                      \
    0.5 * x * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)))) \
  F(Sigmoid, Output, 0, 1 / (1 + std::exp(-x)))                                              \
  F(Tanh, Output, 0, std::tanh(x))

#define PRETEXT_ACTIVATION_VALUE(name, from, ulps, ...) k##name,
enum class Activation : uint8_t { PRETEXT_ACTIVATIONS(PRETEXT_ACTIVATION_VALUE) };
#undef PRETEXT_ACTIVATION_VALUE

#define PRETEXT_ACTIVATION_VALUE(name, from, ulps, ...) Activation::k##name,
inline constexpr Activation kActivations[] = {PRETEXT_ACTIVATIONS(PRETEXT_ACTIVATION_VALUE)};
#undef PRETEXT_ACTIVATION_VALUE

// Whether the derivative is computed from the output y, so that x need not be kept;
// else from the input x.
constexpr bool DerivativeFromOutput(Activation activation) {
  enum class From { kInput, kOutput };
  switch (activation) {
#define PRETEXT_ACTIVATION_CASE(name, from, ulps, ...) \
  case Activation::k##name:                            \
    return From::k##from == From::kOutput;
    PRETEXT_ACTIVATIONS(PRETEXT_ACTIVATION_CASE)
#undef PRETEXT_ACTIVATION_CASE
  }
  return true;
}

// "GeluTanh".
constexpr const char* ActivationName(Activation activation) {
  switch (activation) {
#define PRETEXT_ACTIVATION_CASE(name, from, ulps, ...) \
  case Activation::k##name:                            \
    return #name;
    PRETEXT_ACTIVATIONS(PRETEXT_ACTIVATION_CASE)
#undef PRETEXT_ACTIVATION_CASE
  }
  return "";
}

// y[i] = f(x[i]), 0 <= i < n. y may be x.
void ActivationForward(Activation activation, int64_t n, const float* x, float* y);

// dx[i] = f'(·) dy[i]. saved: the output y where DerivativeFromOutput, else the input x.
// dx may be dy or saved.
void ActivationBackward(Activation activation, int64_t n, const float* saved, const float* dy,
                        float* dx);

// Both at once from x, for a layer whose output was not kept: y[i] = f(x[i]) and d[i] *= f'(x[i]).
void ActivationAgain(Activation activation, int64_t n, const float* x, float* y, float* d);

// y[r, c] = f(x[r, c] + bias[c]) over rows × columns; the sum x + bias is left in `sum` for the
// backward pass when that is not null (it may be x; y may be x when sum is null or another array).
void BiasActivationForward(Activation activation, int64_t rows, int64_t columns, const float* x,
                           const float* bias, float* sum, float* y);

}  // namespace pretext
