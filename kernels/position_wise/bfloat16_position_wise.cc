#include "kernels/position_wise/bfloat16_position_wise.h"

#include <algorithm>

#include "base/parallel/parallel.h"
#include "kernels/activation/activation_functions.h"
#include "kernels/gemm/bfloat16_gemm.h"
#include "kernels/layer_norm/layer_norm.h"
#include "kernels/position_wise/position_wise_internal.h"
#include "kernels/reduce/column_sum.h"
#include "kernels/scratch/bfloat16_scratch.h"

namespace pretext {

using namespace position_wise_internal;  // NOLINT: its own header

namespace {

using activation_internal::Dispatch;

// to[i] = f(from[i]).
void Activate(Activation activation, int64_t n, const Bfloat16* from, Bfloat16* to) {
  Dispatch(activation, [&](auto f) {
    ParallelBlocks(n, 4096, 2, [=](int64_t begin, int64_t end) {
#pragma omp simd
      for (int64_t i = begin; i < end; ++i) to[i] = ToBfloat16(f.Value(ToFloat(from[i])));
    });
  });
}

// to = f(h) and d = f'(h) d of `rows` rows; sums: those of d's columns before they are rounded, or
// not wanted.
void ActivateBack(Activation activation, int64_t rows, int64_t columns, const Bfloat16* h,
                  Bfloat16* to, Bfloat16* d, Target sums) {
  constexpr int64_t kRows = 32;
  const int64_t blocks = (rows + kRows - 1) / kRows;
  const Scratch partials(blocks * columns);
  Dispatch(activation, [&](auto f) {
    ParallelFor(blocks, kRows * columns * 4, [&](int64_t block) {
      float* const partial = partials + block * columns;
      std::fill_n(partial, columns, 0.0f);
      for (int64_t r = block * kRows; r < std::min(rows, (block + 1) * kRows); ++r) {
        const Bfloat16* const input = h + r * columns;
        Bfloat16* const value = to + r * columns;
        Bfloat16* const slope = d + r * columns;
#pragma omp simd
        for (int64_t c = 0; c < columns; ++c) {
          const float x = ToFloat(input[c]), y = f.Value(x);
          const float back = ToFloat(slope[c]) * f.Slope(f.kFromOutput ? y : x);
          value[c] = ToBfloat16(y);
          slope[c] = ToBfloat16(back);
          partial[c] += back;
        }
      }
    });
  });
  if (sums) ColumnSum(blocks, columns, partials.data(), sums.accumulate, sums.data);
}

}  // namespace

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
    GemmBias(Transpose::kNo, Transpose::kYes, rows, map.hidden, map.in, x, map.in, hidden_weight,
             map.in, map.hidden_bias, h, map.hidden);
    Activate(map.activation, rows * map.hidden, h, room);
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
  GemmBias(Transpose::kNo, Transpose::kNo, rows, map.hidden, map.out, d.data(), map.out, weight,
           map.hidden, nullptr, slope.data(), map.hidden);
  ActivateBack(map.activation, rows, map.hidden, kept.hidden_sum, value.data(), slope.data(),
               g.hidden_bias);
  Outer().Backward(value.data(), d.data(), map.rows, g.weight, {});
  Inner().Backward(x, slope.data(), map.rows, g.hidden_weight, g.x);
}

}  // namespace pretext
