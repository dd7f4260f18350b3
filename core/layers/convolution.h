// A convolution's parameters, as encoders and heads compose them.
#pragma once

#include <cstdint>
#include <string>

#include "core/autograd/parameter.h"
#include "core/ops/image.h"

namespace pretext {

struct ConvLayer {
  Parameter* weight = nullptr;  // [O, C, K, K]
  Parameter* bias = nullptr;    // null without
  ConvOptions options;

  // Declares "name.weight" and, if asked for, "name.bias" [O]. PyTorch's default initialisation,
  // U(±1/√(C·K·K)), for both.
  static ConvLayer Declare(ParameterSet& set, const std::string& name, int64_t in, int64_t out,
                           int64_t kernel, const ConvOptions& options, bool with_bias) {
    return Declare(set, name, in, out, kernel, options, with_bias,
                   Initializer::FanIn(in * kernel * kernel));
  }
  // The weight drawn from `initializer`, the bias from PyTorch's.
  static ConvLayer Declare(ParameterSet& set, const std::string& name, int64_t in, int64_t out,
                           int64_t kernel, const ConvOptions& options, bool with_bias,
                           Initializer initializer) {
    ConvLayer layer;
    layer.options = options;
    layer.weight = set.Add(name + ".weight", Role::kWeight, {out, in, kernel, kernel}, initializer);
    if (with_bias) {
      layer.bias =
          set.Add(name + ".bias", Role::kBias, {out}, Initializer::FanIn(in * kernel * kernel));
    }
    return layer;
  }

  Var operator()(Tape& tape, Var x, Activation activation = Activation::kIdentity) const {
    return Conv2d(tape, x, *weight, bias, options, activation);
  }
  // f(BN(x * w) + residual), of a layer without bias.
  Var operator()(Tape& tape, Var x, const BatchNormLayer& norm, const ForwardContext& context,
                 Activation activation, Var residual = Var()) const {
    return ConvBatchNorm(tape, x, *weight, options, norm, context, activation, residual);
  }
};

}  // namespace pretext
