// A position-wise map of a transformer's sublayer, fused with what follows it (Vaswani et al. 2017,
// sections 3.1 and 3.3):
//
//   y = LayerNorm(residual + dropout(g(x)))
//   g(x) = f(x W1ᵀ + b1) Wᵀ + b    the feed-forward network, f an activation; or
//   g(x) = x Wᵀ + b                a linear map: the projection of attention's output, or of
//                                  queries, keys and values
//
// Residual, dropout and normalisation are left out when null (kernels/layer_norm). R rows of D_in
// features; F hidden, D out. Weights as PyTorch has them, [out, in].
//
// Each block of rows goes through all of it while it is in the cache, so the hidden layer's
// activations are never written to memory. The backward pass computes them again from the sums that
// forward kept. Weight gradients are summed over eight fixed ranges of the rows and then in order:
// the same bits whatever the number of threads, and at most eight threads in the backward pass.
#pragma once

#include <cstdint>

#include "kernels/activation/activation.h"
#include "kernels/dropout/dropout.h"
#include "kernels/target/target.h"

namespace pretext {

// Fill in the fields, then Forward() and perhaps Backward().
struct PositionWise {
  int64_t rows = 0, in = 0, out = 0;
  int64_t hidden = 0;  // F; 0: a linear map
  Activation activation = Activation::kIdentity;
  const float* hidden_weight = nullptr;  // [F, D_in]
  const float* hidden_bias = nullptr;    // [F]
  const float* weight = nullptr;         // [D, F or D_in]
  const float* bias = nullptr;           // [D]

  const DropoutMask* dropout = nullptr;
  int64_t first_row = 0;
  const int32_t* mask_rows = nullptr;
  const float* gamma = nullptr;  // [D]
  const float* beta = nullptr;   // [D]
  float epsilon = 1e-12f;

  // What the backward pass needs of the forward pass; for values alone, all null.
  struct Kept {
    float* hidden_sum = nullptr;  // [R, F]: x W1ᵀ + b1
    float* sum = nullptr;   // [R, D]: what is normalised; the last three only with a normalisation
    float* mean = nullptr;  // [R]
    float* inverse_deviation = nullptr;
  };
  // residual: [R, D] or null. y: [R, D], not x; may be the residual when nothing is kept.
  void Forward(const float* x, const float* residual, const Kept& kept, float* y) const;

  struct Gradients {
    Target x, residual;  // may be the same memory: then both accumulate, or the residual's does not
    Target hidden_weight, hidden_bias, weight, bias, gamma, beta;
  };
  void Backward(const float* x, const Kept& kept, const float* dy,
                const Gradients& gradients) const;
};

}  // namespace pretext
