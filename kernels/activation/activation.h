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

enum class Activation : uint8_t { kIdentity, kRelu, kGelu, kGeluTanh, kSigmoid, kTanh };

// Whether the derivative is computed from the output y, so that x need not be kept;
// else from the input x.
constexpr bool DerivativeFromOutput(Activation activation) {
  return activation != Activation::kGelu && activation != Activation::kGeluTanh;
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
