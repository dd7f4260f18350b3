#include "kernels/position_wise/bfloat16_position_wise.h"

#include <utility>

#include "core/ops/position_wise_internal.h"
#include "core/ops/sequence.h"

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
  Bfloat16PositionWise kernel{.map = MapOf(*this, x, tokens, positions, context, mask),
                              .hidden_weight = Data(inner),
                              .weight = Data(outer)};
  const PositionWise& map = kernel.map;

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
  const PositionWiseVars p(tape, *this);
  return tape.Record(
      "position-wise map", y.Rows(0, rows),
      {x, residual, p.hidden_weight, p.hidden_bias, p.weight, p.bias, state.scale, state.shift},
      [&tape, x, residual, p, state, input, inner, outer, kernel, mask, positions, hidden_sum, sums,
       kept](const Tensor& dy) mutable {
        kernel.map.dropout = &mask;
        kernel.Backward(input.bfloat16s(), kept, dy.Plain().data(),
                        p.Gradients(tape, x, residual, state));
      });
}

}  // namespace pretext
