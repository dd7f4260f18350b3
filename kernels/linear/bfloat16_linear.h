// A linear map with its products in bfloat16, and its gradients:
//
//   y = f(x Wᵀ + b)        dW = dᵀ x    db = Σ d    dx = d W
//
// R rows, x [R, in], W [out, in] (PyTorch's order), y and d [R, out], d the gradient of the sum
// before f. Sums are in float32; d is rounded to bfloat16 for dW and dx, not for db.
//
// oneDNN makes code for each number of rows, in fractions of a millisecond, and keeps it. So that a
// number that changes from call to call (masked tokens) comes to few of them, the caller pads rows
// to a multiple of 32, x and d with zeros; what y is in the padding is not read.
#pragma once

#include <cstdint>

#include "kernels/activation/activation.h"
#include "kernels/bfloat16/bfloat16.h"
#include "kernels/target/target.h"

namespace pretext {

// The rows that buffers are made for.
inline int64_t PaddedRows(int64_t rows) { return (rows + 31) / 32 * 32; }

// from [rows, columns] rounded into [PaddedRows(rows), columns], zeros below.
void ToPaddedBfloat16(int64_t rows, int64_t columns, const float* from, Bfloat16* to);

struct Bfloat16Linear {
  int64_t rows = 0;  // with those of the padding
  int64_t in = 0, out = 0;
  const Bfloat16* weight = nullptr;

  // y may hold any of the functions' results for the rows of the padding.
  void Forward(const Bfloat16* x, const float* bias, Activation activation, float* y) const;
  // The sums before f, rounded to bfloat16.
  void Forward(const Bfloat16* x, const float* bias, Bfloat16* sums) const;

  // The gradients that are wanted. d has zeros in the padding. dx: the first `real` rows.
  void Backward(const Bfloat16* x, const Bfloat16* d, int64_t real, Target dweight,
                Target dx) const;
  // dx, rounded to bfloat16, of all rows.
  void BackwardData(const Bfloat16* d, Bfloat16* dx) const;
};

}  // namespace pretext
