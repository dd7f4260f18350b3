// softmax_cross_entropy.h with its three products in bfloat16, on the processor's tiles
// (kernels/matrix_units). x [M, D] and the weights [K, D] are rounded; scores, softmax, loss and
// the sums of the gradients are float32. What is multiplied for the gradients:
//
//   E[m, k] = e^(score[m, k] - largest of the tile of 512 scores), rounded, at most 1
//   f[m]    = gradient_scale · e^(largest of the tile - largest of the row) / Σ_k e^(...)
//
//   dweight[k] = Σ_m E[m, k] · (f x)[m]  - gradient_scale · Σ_(target[m] = k) x[m]
//   dx[m]      = Σ_tiles f[m] · Σ_k E[m, k] weight[k]  - gradient_scale · weight[target[m]]
//
// so that no exponential is touched again once a row's sum is known: f goes to the x of dweight,
// before they are rounded, and to the sums of dx; what the targets take is not rounded.
//
// A block of rows holds M' · K numbers of bfloat16, at most 8 MiB but for 64 rows. The same bits
// whatever the number of threads. Without tiles (HasTiles) they are products of float32, of the
// same rounded x and weights.
#pragma once

#include "kernels/bfloat16/bfloat16.h"
#include "kernels/softmax_cross_entropy/softmax_cross_entropy.h"

namespace pretext {

struct Bfloat16SoftmaxCrossEntropy {
  SoftmaxCrossEntropy map;           // its weight is not read
  const Bfloat16* weight = nullptr;  // [K, D]

  SoftmaxCrossEntropy::Result Run() const;
};

}  // namespace pretext
