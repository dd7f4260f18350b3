// A linear layer's parameters, as encoders and heads compose them.
#pragma once

#include <cstdint>
#include <string>

#include "core/autograd/parameter.h"
#include "core/ops/basic.h"

namespace pretext {

// y = f(x Wᵀ + b); PyTorch's default initialisation, U(±1/√D_in), for both.
struct LinearLayer {
  Parameter* weight = nullptr;
  Parameter* bias = nullptr;  // null without

  // Declares "name.weight" [out, in] and "name.bias" [out].
  static LinearLayer Declare(ParameterSet& set, const std::string& name, int64_t in, int64_t out,
                             bool with_bias = true) {
    LinearLayer layer;
    layer.weight = set.Add(name + ".weight", Role::kWeight, {out, in}, Initializer::FanIn(in));
    if (with_bias) {
      layer.bias = set.Add(name + ".bias", Role::kBias, {out}, Initializer::FanIn(in));
    }
    return layer;
  }

  Var operator()(Tape& tape, Var x, Activation activation = Activation::kIdentity) const {
    return Linear(tape, x, *weight, bias, activation);
  }
};

}  // namespace pretext
