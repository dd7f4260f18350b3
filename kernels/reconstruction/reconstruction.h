// Losses between a reconstruction and what it should be, element by element, with the gradient in
// the same pass.
//
// Sums are taken in double over fixed blocks and added in order: the same bits whatever the number
// of threads. NaN propagates.
#pragma once

#include <cstdint>

namespace pretext {

// The losses, a line each: a new one is a line here and its function in reconstruction.cc; its
// declaration, its test against the definition and its benchmark (bench/kernels) come from the
// list.
//
//   F(name, the term of one element in double precision: r the reconstruction, x the target)
//
// Each returns Σ_i term(r_i, x_i) and, unless null, writes
//
//   gradient_i = scale · ∂term/∂r (r_i, x_i)
//
// SquaredError: Σ_i (r_i - x_i)².
// LogitCrossEntropy, of logits r and targets x in [0, 1]:
//
//   -Σ_i [x_i log σ(r_i) + (1 - x_i) log(1 - σ(r_i))]
//
// each term computed as below, which does not overflow.
#define PRETEXT_RECONSTRUCTION_LOSSES(F) \
  F(SquaredError, (r - x) * (r - x))     \
  F(LogitCrossEntropy, std::max(r, 0.0) - r * x + std::log1p(std::exp(-std::abs(r))))

#define PRETEXT_RECONSTRUCTION_LOSS(name, ...)                                          \
  double name(int64_t n, const float* reconstruction, const float* target, float scale, \
              float* gradient);
PRETEXT_RECONSTRUCTION_LOSSES(PRETEXT_RECONSTRUCTION_LOSS)
#undef PRETEXT_RECONSTRUCTION_LOSS

}  // namespace pretext
