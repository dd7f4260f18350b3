// Differentiable operations over images [R, C, H, W]: convolution, alone and with batch
// normalisation, and pooling.
//
// Results stay in the layout that the convolution chose; the next operation takes them as they are,
// and anything else reorders (Tensor::Plain). R rows (samples, or views: view-major).
#pragma once

#include <cstdint>

#include "core/autograd/autograd.h"
#include "core/autograd/forward_context.h"
#include "core/autograd/parameter.h"
#include "core/ops/batch_norm.h"
#include "kernels/activation/activation.h"

namespace pretext {

struct ConvOptions {
  int64_t stride = 1;
  int64_t padding = 0;  // zeros on every side
  int64_t groups = 1;
};

// y = f(x * w + b). x [R, C, H, W], weight [O, C/G, K, K], bias [O] or null; y [R, O, H', W'] with
// H' = ⌊(H + 2 padding - K) / stride⌋ + 1 and W' likewise.
Var Conv2d(Tape& tape, Var x, Parameter& weight, Parameter* bias, const ConvOptions& options,
           Activation activation = Activation::kIdentity);

struct ConvTransposeOptions {
  int64_t stride = 1;
  int64_t padding = 0;
  // The output's size: any for which a convolution of these options gives the input's
  // ((H' + 2 padding - K) / stride + 1, rounded down); PyTorch names it by its output_padding.
  int64_t out_height = 0;
  int64_t out_width = 0;
};

// y = f(x *ᵀ w + b), the transposed convolution. x [R, C, H, W], weight [C, O, K, K] (PyTorch's
// order), bias [O] or null; y [R, O, H', W'].
Var ConvTranspose2d(Tape& tape, Var x, Parameter& weight, Parameter* bias,
                    const ConvTransposeOptions& options,
                    Activation activation = Activation::kIdentity);

// y = f(BN(x * w) + residual), fused: the convolution's output is normalised (or its moments taken)
// while it is in the cache, and on the way back its gradient is never written out.
Var ConvBatchNorm(Tape& tape, Var x, Parameter& weight, const ConvOptions& options,
                  const BatchNormLayer& layer, const ForwardContext& context,
                  Activation activation = Activation::kIdentity, Var residual = Var());

// y[r, c] = mean of x[r, c, ·, ·]. x [R, C, H, W], y [R, C] row-major.
Var GlobalAveragePool(Tape& tape, Var x);

// y = max over windows of K×K every `stride` pixels; `padding` pixels around the image never win.
// x [R, C, H, W].
Var MaxPool2d(Tape& tape, Var x, int64_t kernel, int64_t stride, int64_t padding);

}  // namespace pretext
