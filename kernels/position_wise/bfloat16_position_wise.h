// The map of position_wise.h with its products in bfloat16 (kernels/linear).
//
// Sums, the normalisation, dropout and the residual are in float32; what the hidden layer's
// function is taken of, h = x W1ᵀ + b1, its gradient, and what is multiplied are rounded to
// bfloat16. Layer by layer over all rows: the matrix units are fastest with many, and rows of
// bfloat16 are half as long on their way through memory. The same bits every time on one processor
// with one number of threads.
#pragma once

#include <cstdint>

#include "kernels/bfloat16/bfloat16.h"
#include "kernels/linear/bfloat16_linear.h"
#include "kernels/position_wise/position_wise.h"

namespace pretext {

// Buffers have PaddedRows(map.rows) rows (kernels/linear) where it says R'.
struct Bfloat16PositionWise {
  PositionWise map;                         // its weights are not read
  const Bfloat16* hidden_weight = nullptr;  // [F, D_in]
  const Bfloat16* weight = nullptr;         // [D, F or D_in]

  struct Kept {
    Bfloat16* hidden_sum = nullptr;  // [R', F]: h; null without a hidden layer
    float* sum = nullptr;            // the others as PositionWise's
    float* mean = nullptr;
    float* inverse_deviation = nullptr;
  };
  // x: [R', D_in], zeros beyond R. room: [R', F], with a hidden layer: the hidden layer's values
  // pass through it. sums, y: [R', D]; sums may be y when there is no normalisation, or nothing is
  // kept.
  void Forward(const Bfloat16* x, const float* residual, const Kept& kept, Bfloat16* room,
               float* sums, float* y) const;

  // dy: [R, D].
  void Backward(const Bfloat16* x, const Kept& kept, const float* dy,
                const PositionWise::Gradients& gradients) const;

 private:
  Bfloat16Linear Outer() const;
  Bfloat16Linear Inner() const;
};

}  // namespace pretext
