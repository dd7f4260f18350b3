// General differentiable operations. Those over images are in core/ops/image.h, over sequences in
// core/ops/sequence.h. R rows (samples, views, tokens), D features. Shapes are checked: a wrong one
// aborts and is named.
//
// Layers are made of the first few; a loss is composed of the others:
//
//   Var a = NormalizeRows(tape, Slice(tape, z, 0, n)), b = NormalizeRows(tape, ...);
//   Var loss = Scale(tape, Mean(tape, Square(tape, Subtract(tape, a, b))), 0.5f);
//
// These give the same bits whatever the number of threads (products: on one processor and with one
// number of threads, see kernels/gemm). A NaN propagates. A scalar has the shape {}.
#pragma once

#include <cstdint>
#include <span>

#include "core/autograd/autograd.h"
#include "core/autograd/forward_context.h"
#include "kernels/activation/activation.h"
#include "kernels/gemm/gemm.h"

namespace pretext {

// y = f(x Wᵀ + b), one fused operation. x [R, D_in], weight [D_out, D_in] (PyTorch's order), bias
// [D_out] or null.
Var Linear(Tape& tape, Var x, Parameter& weight, Parameter* bias,
           Activation activation = Activation::kIdentity);

// One of several in turn.
struct LinearMap {
  Parameter* weight;
  Parameter* bias;  // or null
  Activation activation;
};
// Linear of one after the other, at least one; where products are in bfloat16, so is what passes
// between them.
Var Linears(Tape& tape, Var x, std::span<const LinearMap> maps);

// y = f(x), any shape and layout without padding.
Var Activate(Tape& tape, Var x, Activation activation);

// The same values under another shape; a blocked x is put into row-major order first.
Var Reshape(Tape& tape, Var x, const Shape& shape);
// [R, ...] to [R, everything else].
Var Flatten(Tape& tape, Var x);

// Inverted dropout: y = x · m / (1 - p), m ~ Bernoulli(1 - p), each element's drawn by its place in
// the whole batch (context.DropoutKey(layer), context.first_row): the same whatever the chunking. x
// itself where the context does not drop (ForwardContext::drops) or p = 0. x: [R, ...].
Var Dropout(Tape& tape, Var x, float probability, const ForwardContext& context, uint32_t layer);

// Element by element, any shape; a and b have the same.
Var Add(Tape& tape, Var a, Var b);
Var Subtract(Tape& tape, Var a, Var b);      // a - b
Var Multiply(Tape& tape, Var a, Var b);      // a · b
Var Scale(Tape& tape, Var x, float factor);  // factor · x
Var Offset(Tape& tape, Var x, float term);   // x + term
Var Square(Tape& tape, Var x);
Var Sqrt(Tape& tape, Var x);  // its slope at 0 is infinite: add an ε first

// The same value, with no way back for the gradient.
Var Detach(Tape& tape, Var x);

// factor · op(a) op(b) [M, N] of matrices: op(a) is a [M, K], or a [K, M] transposed; op(b) is
// b [K, N], or b [N, K] transposed.
Var MatMul(Tape& tape, Var a, Transpose transpose_a, Var b, Transpose transpose_b,
           float factor = 1.0f);

// Rows [begin, end) of x [R, ...]; shares x's memory.
Var Slice(Tape& tape, Var x, int64_t begin, int64_t end);
// The rows of the parts, one after another: [R_i, ...] to [Σ R_i, ...]. At least one part.
Var Concat(Tape& tape, std::span<const Var> parts);

// Scalars: Σ x, Σ x / size, Σ x², of any shape with at least one element; summed in double
// precision.
Var Sum(Tape& tape, Var x);
Var Mean(Tape& tape, Var x);
Var SumOfSquares(Tape& tape, Var x);

// Each row of x [R, D] over max(|row|, epsilon) (PyTorch's normalize).
Var NormalizeRows(Tape& tape, Var x, float epsilon = 1e-12f);
// Over the rows of x [R, D], R > 0: the mean [D]; x less its mean; that over √(variance + epsilon),
// the variance biased [R, D].
Var ColumnMean(Tape& tape, Var x);
Var CenterColumns(Tape& tape, Var x);
Var StandardizeColumns(Tape& tape, Var x, float epsilon);

// Of a square matrix [D, D]: its diagonal [D]; Σ_{i≠j} x_ij², a scalar.
Var Diagonal(Tape& tape, Var x);
Var OffDiagonalSquares(Tape& tape, Var x);

}  // namespace pretext
