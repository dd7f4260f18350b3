#include "kernels/position_wise/bfloat16_position_wise.h"

#include "kernels/layer_norm/layer_norm.h"
#include "kernels/linear/bfloat16_activation.h"
#include "kernels/position_wise/position_wise_internal.h"
#include "kernels/scratch/bfloat16_scratch.h"

namespace pretext {

using namespace position_wise_internal;  // NOLINT: its own header

Bfloat16Linear Bfloat16PositionWise::Outer() const {
  return {.rows = PaddedRows(map.rows), .in = InnerWidth(map), .out = map.out, .weight = weight};
}
Bfloat16Linear Bfloat16PositionWise::Inner() const {
  return {.rows = PaddedRows(map.rows), .in = map.in, .out = map.hidden, .weight = hidden_weight};
}

void Bfloat16PositionWise::Forward(const Bfloat16* x, const float* residual, const Kept& kept,
                                   Bfloat16* room, float* sums, float* y) const {
  if (map.rows == 0) return;
  const int64_t rows = PaddedRows(map.rows);
  if (map.hidden > 0) {
    Bfloat16* const h = kept.hidden_sum != nullptr ? kept.hidden_sum : room;
    Inner().Forward(x, map.hidden_bias, h);
    ActivationForward(map.activation, rows * map.hidden, h, room);
    x = room;
  }
  Outer().Forward(x, nullptr, Activation::kIdentity, sums);
  LayerNormForward forward;
  SetNormalisation(map, 0, map.rows, forward);
  forward.x = sums;
  forward.sum = map.gamma != nullptr ? sums : y;
  forward.y = y;
  forward.bias = map.bias;
  forward.residual = residual;
  forward.beta = map.beta;
  forward.epsilon = map.epsilon;
  forward.mean = kept.mean;
  forward.inverse_deviation = kept.inverse_deviation;
  forward.Run();
}

void Bfloat16PositionWise::Backward(const Bfloat16* x, const Kept& kept, const float* dy,
                                    const PositionWise::Gradients& g) const {
  const int64_t rows = PaddedRows(map.rows);
  LayerNormBackward norm;
  SetNormalisation(map, 0, map.rows, norm);
  norm.dy = dy;
  norm.sum = kept.sum;
  norm.mean = kept.mean;
  norm.inverse_deviation = kept.inverse_deviation;
  norm.dresidual = g.residual;
  norm.dbias = g.bias;
  norm.dgamma = g.gamma;
  norm.dbeta = g.beta;
  const bool unchanged = GradientPasses(map);
  Scratch back(unchanged ? 0 : map.rows * map.out);  // the gradient of g(x)
  if (!unchanged) norm.dx = {back.data()};
  Bfloat16Scratch d(rows * map.out);
  // First: the residual's gradient may be written over dy.
  if (unchanged) ToPaddedBfloat16(map.rows, map.out, dy, d.data());
  norm.Run();
  if (!unchanged) ToPaddedBfloat16(map.rows, map.out, back.data(), d.data());
  if (map.hidden == 0) return Outer().Backward(x, d.data(), map.rows, g.weight, g.x);
  Bfloat16Scratch value(rows * map.hidden), slope(rows * map.hidden);
  Outer().BackwardData(d.data(), slope.data());
  ActivationAgain(map.activation, rows, map.hidden, kept.hidden_sum, value.data(), slope.data(),
                  g.hidden_bias);
  Outer().Backward(value.data(), d.data(), map.rows, g.weight, {});
  Inner().Backward(x, slope.data(), map.rows, g.hidden_weight, g.x);
}

}  // namespace pretext
