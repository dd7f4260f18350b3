// What a position-wise map does alike in float32 and bfloat16.
#pragma once

#include <cstdint>

#include "core/ops/sequence_internal.h"
#include "kernels/position_wise/position_wise.h"

namespace pretext::ops_sequence_internal {

// The layer's parameters on a tape, and where their gradients go.
struct PositionWiseVars {
  PositionWiseVars(Tape& tape, const PositionWiseLayer& layer)
      : hidden_weight(Use(tape, layer.hidden_weight)),
        hidden_bias(Use(tape, layer.hidden_bias)),
        weight(Use(tape, layer.weight)),
        bias(Use(tape, layer.bias)) {}

  PositionWise::Gradients Gradients(Tape& tape, Var x, Var residual, const NormState& norm) const {
    PositionWise::Gradients g;
    g.residual = tape.GradientOf(residual);  // first: x may be the same
    g.x = tape.GradientOf(x);
    g.hidden_weight = tape.GradientOf(hidden_weight);
    g.hidden_bias = tape.GradientOf(hidden_bias);
    g.weight = tape.GradientOf(weight);
    g.bias = tape.GradientOf(bias);
    g.gamma = tape.GradientOf(norm.scale);
    g.beta = tape.GradientOf(norm.shift);
    return g;
  }

  Var hidden_weight, hidden_bias, weight, bias;
};

// The kernel's map of x, which points at `mask`, but for the matrices.
inline PositionWise MapOf(const PositionWiseLayer& layer, Var x, int64_t tokens,
                          const Tensor& positions, const ForwardContext& context,
                          const DropoutMask& mask) {
  PositionWise map{.rows = x.dim(0), .in = x.dim(1), .out = layer.weight->shape[0]};
  map.hidden = layer.hidden_weight == nullptr ? 0 : layer.hidden_weight->shape[0];
  map.activation = layer.activation;
  map.hidden_bias = Data(layer.hidden_bias);
  map.bias = Data(layer.bias);
  map.dropout = &mask;
  map.first_row = context.first_row * tokens;
  map.mask_rows = Ints(positions);
  map.gamma = Data(layer.norm.scale);
  map.beta = Data(layer.norm.shift);
  map.epsilon = layer.norm.epsilon;
  return map;
}

}  // namespace pretext::ops_sequence_internal
