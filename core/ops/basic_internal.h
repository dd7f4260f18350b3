// What the sources of this folder share.
#pragma once

#include <cstdint>
#include <span>

#include "base/parallel/parallel.h"
#include "core/autograd/autograd.h"
#include "core/ops/basic.h"
#include "kernels/linear/bfloat16_linear.h"

namespace pretext::ops_internal {

// Rows of a float32 matrix in bfloat16, with zeros below (kernels/linear).
inline Tensor PaddedBfloat16(const Tensor& x) {
  Tensor padded = Tensor::Uninitialized({PaddedRows(x.dim(0)), x.dim(1)}, DType::kBfloat16);
  ToPaddedBfloat16(x.dim(0), x.dim(1), x.data(), padded.bfloat16s());
  return padded;
}

// Aborts unless Linear can map x by it.
void CheckLinear(const Tensor& x, const Parameter& weight);
// Linears with their products, and what passes between them, in bfloat16.
Var LinearsInBfloat16(Tape& tape, Var x, std::span<const LinearMap> maps);

// Adds slope(i) to every element of the gradient of x, if that is wanted.
template <class Slope>
void AddToGradient(Tape& tape, Var x, const Slope& slope) {
  Gradient gradient = tape.GradientOf(x);
  if (!gradient.wanted()) return;
  float* const dx = gradient.data();
  const int64_t n = gradient.tensor().size();
  if (gradient.accumulate()) {
    ParallelElements(n, [&](int64_t i) { dx[i] += slope(i); });
  } else {
    ParallelElements(n, [&](int64_t i) { dx[i] = slope(i); });
  }
}

// Σ term(i) over i below n in double: blocks of a fixed size, added in their order.
template <class Term>
double BlockSum(int64_t n, const Term& term) {
  return ParallelSum(n, 1 << 12, 1, [&](int64_t begin, int64_t end) {
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = begin; i < end; ++i) sum += term(i);
    return sum;
  });
}

// Aborts with "OPERATION takes WHAT; it is given 3×4 and 5" (b may be undefined) unless good.
void CheckShapes(bool good, const char* operation, const char* what, Var a, Var b = Var());
// The same for a matrix with at least one row.
void CheckMatrix(const char* operation, Var x);

}  // namespace pretext::ops_internal
