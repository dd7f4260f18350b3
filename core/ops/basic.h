// General differentiable operations. Those over images are in core/ops/image.h, over sequences in
// core/ops/sequence.h. R rows (samples, views, tokens), D features.
#pragma once

#include <cstdint>

#include "core/autograd/autograd.h"
#include "core/autograd/forward_context.h"
#include "kernels/activation/activation.h"

namespace pretext {

// y = f(x Wᵀ + b), one fused operation. x [R, D_in], weight [D_out, D_in] (PyTorch's order), bias
// [D_out] or null.
Var Linear(Tape& tape, Var x, Parameter& weight, Parameter* bias,
           Activation activation = Activation::kIdentity);

// y = f(x), any shape and layout without padding.
Var Activate(Tape& tape, Var x, Activation activation);

// The same values under another shape; a blocked x is put into row-major order first.
Var Reshape(Tape& tape, Var x, const Shape& shape);
// [R, ...] to [R, everything else].
Var Flatten(Tape& tape, Var x);

// Inverted dropout: y = x · m / (1 - p), m ~ Bernoulli(1 - p) drawn from context.DropoutKey(layer)
// by element of the whole batch, so that it is the same whatever the chunking. x itself when not
// training or p = 0. x: [R, ...], row-major.
Var Dropout(Tape& tape, Var x, float probability, const ForwardContext& context, uint32_t layer);

// a + b, the same shape.
Var Add(Tape& tape, Var a, Var b);

}  // namespace pretext
