#include "kernels/position_wise/bfloat16_position_wise.h"

#include <utility>

#include "core/ops/sequence.h"
#include "core/ops/sequence_internal.h"

namespace pretext {

using namespace ops_sequence_internal;  // NOLINT: its own header
using ops_internal::PaddedBfloat16;

namespace {

// Undefined for none.
Tensor Narrow(const Parameter* parameter) {
  return parameter == nullptr ? Tensor() : parameter->value.RowMajorBfloat16();
}
const Bfloat16* Data(const Tensor& narrow) {
  return narrow.defined() ? narrow.bfloat16s() : nullptr;
}

}  // namespace

Var PositionWiseLayer::InBfloat16(Tape& tape, Var x, Var residual, int64_t tokens,
                                  const Tensor& positions, const ForwardContext& context) const {
  const int64_t rows = x.dim(0), padded = PaddedRows(rows);
  const DropoutMask mask = Mask(dropout, context);
  const Tensor input = PaddedBfloat16(x.value().Plain());
  const Tensor inner = Narrow(hidden_weight), outer = Narrow(weight);
  Bfloat16PositionWise kernel{
      .map = {.rows = rows, .in = x.dim(1), .out = weight->shape[0]},
      .hidden_weight = Data(inner),
      .weight = Data(outer),
  };
  PositionWise& map = kernel.map;
  map.hidden = hidden_weight == nullptr ? 0 : hidden_weight->shape[0];
  map.activation = activation;
  map.hidden_bias = ops_sequence_internal::Data(hidden_bias);
  map.bias = ops_sequence_internal::Data(bias);
  map.dropout = &mask;
  map.first_row = context.first_row * tokens;
  map.mask_rows = Ints(positions);
  map.gamma = ops_sequence_internal::Data(norm.scale);
  map.beta = ops_sequence_internal::Data(norm.shift);
  map.epsilon = norm.epsilon;

  NormState state(tape, norm, rows);
  Tensor y = Tensor::Uninitialized({padded, map.out}), sums = y, hidden_sum, room;
  Bfloat16PositionWise::Kept kept;
  if (map.hidden > 0) room = Tensor::Uninitialized({padded, map.hidden}, DType::kBfloat16);
  if (tape.recording()) {
    if (map.hidden > 0) {
      hidden_sum = Tensor::Uninitialized({padded, map.hidden}, DType::kBfloat16);
      kept.hidden_sum = hidden_sum.bfloat16s();
    }
    if (norm.scale != nullptr) {
      sums = Tensor::Uninitialized({padded, map.out});
      kept.sum = sums.data();
      kept.mean = state.mean_data();
      kept.inverse_deviation = state.inverse_data();
    }
  }
  kernel.Forward(input.bfloat16s(), residual.defined() ? residual.value().data() : nullptr, kept,
                 room.defined() ? room.bfloat16s() : nullptr, sums.data(), y.data());
  const Var hw = Use(tape, hidden_weight), hb = Use(tape, hidden_bias), w = Use(tape, weight),
            b = Use(tape, bias);
  return tape.Record("position-wise map", y.Rows(0, rows),
                     {x, residual, hw, hb, w, b, state.scale, state.shift},
                     [&tape, x, residual, hw, hb, w, b, state, input, inner, outer, kernel, mask,
                      positions, hidden_sum, sums, kept](const Tensor& dy) mutable {
                       kernel.map.dropout = &mask;
                       PositionWise::Gradients g;
                       g.residual = tape.GradientOf(residual);  // first: x may be the same
                       g.x = tape.GradientOf(x);
                       g.hidden_weight = tape.GradientOf(hw);
                       g.hidden_bias = tape.GradientOf(hb);
                       g.weight = tape.GradientOf(w);
                       g.bias = tape.GradientOf(b);
                       g.gamma = tape.GradientOf(state.scale);
                       g.beta = tape.GradientOf(state.shift);
                       kernel.Backward(input.bfloat16s(), kept, dy.Plain().data(), g);
                     });
}

}  // namespace pretext
