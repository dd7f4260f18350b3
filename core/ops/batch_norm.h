// Batch normalisation of matrices and images (Ioffe and Szegedy 2015, algorithm 1):
//
//   y = γ (x - mean) / √(var + ε) + β    mean and var of each channel over the rows (and pixels)
#pragma once

#include <cstdint>
#include <string>

#include "core/autograd/autograd.h"
#include "core/autograd/forward_context.h"
#include "core/autograd/parameter.h"
#include "kernels/activation/activation.h"

namespace pretext {

// The parameters of a batch normalisation. Names and meaning as PyTorch's: momentum is the weight
// of the new batch, running statistics hold the unbiased variance, ε is added to the biased one.
struct BatchNormLayer {
  Parameter* scale = nullptr;  // γ; null without
  Parameter* shift = nullptr;  // β; null without
  Buffer* running_mean = nullptr;
  Buffer* running_variance = nullptr;
  float epsilon = 1e-5f;
  float momentum = 0.1f;

  // Whether training takes the running statistics, and leaves them as they are.
  bool frozen() const { return running_mean->frozen || running_variance->frozen; }

  // Declares "name.weight" (γ, initially `scale`), "name.bias" (β, 0),
  // "name.running_mean", "name.running_var".
  static BatchNormLayer Declare(ParameterSet& set, const std::string& name, int64_t channels,
                                float scale = 1, bool with_shift = true, bool with_scale = true);
};

// y = f(BN(x) + residual). x [R, C] or [R, C, H, W]; residual of x's shape, or none. ReLU is fused;
// other activations are a pass of their own. In training the statistics are over all rows
// (context.batch_norm is kAllViews) or over each view's rows apart; of a block of a batch
// (context.block) over those of all blocks, or of each (kPerBlock). The running ones are updated
// when the tape records (a gradient-caching step goes through twice, once recording) or
// context.update_statistics says so. Otherwise, and where one of these is frozen, the running
// statistics are taken, as constants.
Var BatchNorm(Tape& tape, Var x, const BatchNormLayer& layer, const ForwardContext& context,
              Activation activation = Activation::kIdentity, Var residual = Var());

}  // namespace pretext
