// Layer normalisation (Ba, Kiros & Hinton 2016), fused with what stands before it in a transformer:
//
//   s = residual + dropout(x + bias)
//   y = dropout'(γ (s - mean(s)) / √(var(s) + ε) + β)     mean and biased variance over a row
//
// N rows of D features, row-major. What is null is left out: bias, residual, dropout, and the
// output's own dropout' (of the embeddings); with gamma null there is no normalisation, no dropout'
// and only s is made (the residual stream of a pre-LN transformer).
//
// Rows are shared among the OpenMP threads in fixed blocks and parameter gradients
// are summed in the order of the blocks: the same bits whatever the number
// of threads, and from inside a parallel region.
#pragma once

#include <cstdint>

#include "kernels/dropout/dropout.h"
#include "kernels/target/target.h"

namespace pretext {

// s and y from x. Fill in the fields, then Run().
struct LayerNormForward {
  int64_t rows = 0, columns = 0;    // N, D
  const float* x = nullptr;         // [N, D]
  const float* bias = nullptr;      // [D]
  const float* residual = nullptr;  // [N, D]
  const DropoutMask* dropout = nullptr;
  const DropoutMask* output_dropout = nullptr;
  int64_t first_row = 0;               // row r takes the masks' row first_row + r, or first_row +
  const int32_t* mask_rows = nullptr;  // mask_rows[r]
  const float* gamma = nullptr;        // [D]
  const float* beta = nullptr;         // [D]
  float epsilon = 1e-12f;

  float* sum = nullptr;                // [N, D]: s. May be x or residual.
  float* y = nullptr;                  // [N, D]. May be sum when nothing is to be differentiated.
  float* mean = nullptr;               // [N], or null: not kept
  float* inverse_deviation = nullptr;  // [N], 1 / √(var + ε); kept together with the mean

  void Run() const;
};

// The gradients from that of y. Fill in the fields, then Run().
struct LayerNormBackward {
  int64_t rows = 0, columns = 0;
  const float* dy = nullptr;   // [N, D]
  const float* sum = nullptr;  // what forward made or took
  const float* mean = nullptr;
  const float* inverse_deviation = nullptr;
  const float* gamma = nullptr;  // null: no normalisation, the gradient of s is dy
  const DropoutMask* dropout = nullptr;
  const DropoutMask* output_dropout = nullptr;
  int64_t first_row = 0;
  const int32_t* mask_rows = nullptr;

  Target dresidual;  // [N, D]: the gradient of s. May be dy.
  Target dx;         // [N, D]: the gradient of x: dropout applied to that of s. May be dy.
  Target dgamma;     // [D]; the three column sums
  Target dbeta;      // [D]
  Target dbias;      // [D]

  void Run() const;
};

}  // namespace pretext
