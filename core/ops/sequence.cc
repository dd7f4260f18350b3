#include "core/ops/sequence.h"

#include <algorithm>
#include <utility>

#include "base/parallel/parallel.h"
#include "core/ops/position_wise_internal.h"
#include "core/ops/sequence_internal.h"
#include "kernels/gather/gather.h"
#include "kernels/layer_norm/layer_norm.h"
#include "kernels/position_wise/position_wise.h"

namespace pretext {

using namespace ops_sequence_internal;  // NOLINT: its own header

LayerNormLayer LayerNormLayer::Declare(ParameterSet& set, const std::string& name, int64_t features,
                                       float epsilon) {
  return {
      .scale = set.Add(name + ".weight", Role::kNormScale, {features}, Initializer::Constant(1)),
      .shift = set.Add(name + ".bias", Role::kNormShift, {features}, Initializer::Constant(0)),
      .epsilon = epsilon};
}

Var LayerNorm(Tape& tape, Var x, const LayerNormLayer& norm) {
  CheckMatrix("LayerNorm", x);
  const int64_t rows = x.dim(0), columns = x.dim(1);
  NormState state(tape, norm, rows);
  Tensor y = Tensor::Uninitialized(x.shape());
  LayerNormForward forward{.rows = rows, .columns = columns, .x = x.value().data()};
  forward.gamma = Data(norm.scale);
  forward.beta = Data(norm.shift);
  forward.epsilon = norm.epsilon;
  forward.sum = y.data();
  forward.y = y.data();
  forward.mean = state.mean_data();
  forward.inverse_deviation = state.inverse_data();
  forward.Run();
  return tape.Record("layer norm", std::move(y), {x, state.scale, state.shift},
                     [&tape, x, input = x.value(), state, gamma = norm.scale, rows,
                      columns](const Tensor& dy) mutable {
                       LayerNormBackward backward{
                           .rows = rows, .columns = columns, .dy = dy.data()};
                       backward.sum = input.data();
                       backward.mean = state.mean.data();
                       backward.inverse_deviation = state.inverse_deviation.data();
                       backward.gamma = gamma->value.data();
                       backward.dx = tape.GradientOf(x);
                       backward.dgamma = tape.GradientOf(state.scale);
                       backward.dbeta = tape.GradientOf(state.shift);
                       backward.Run();
                     });
}

Var PositionWiseLayer::operator()(Tape& tape, Var x, Var residual, int64_t tokens,
                                  const Tensor& positions, const ForwardContext& context) const {
  CheckMatrix("PositionWiseLayer", x);
  if (tape.precision() == Precision::kBfloat16) {
    return InBfloat16(tape, x, residual, tokens, positions, context);
  }
  const int64_t rows = x.dim(0);
  const DropoutMask mask = Mask(dropout, context);
  PositionWise map = MapOf(*this, x, tokens, positions, context, mask);
  map.hidden_weight = Data(hidden_weight);
  map.weight = Data(weight);

  NormState state(tape, norm, rows);
  Tensor hidden_sum, sum;
  PositionWise::Kept kept;
  if (tape.recording()) {
    if (map.hidden > 0) {
      hidden_sum = Tensor::Uninitialized({rows, map.hidden});
      kept.hidden_sum = hidden_sum.data();
    }
    if (norm.scale != nullptr) {
      sum = Tensor::Uninitialized({rows, map.out});
      kept.sum = sum.data();
      kept.mean = state.mean_data();
      kept.inverse_deviation = state.inverse_data();
    }
  }
  Tensor y = Tensor::Uninitialized({rows, map.out});
  map.Forward(x.value().data(), residual.defined() ? residual.value().data() : nullptr, kept,
              y.data());
  const PositionWiseVars p(tape, *this);
  return tape.Record(
      "position-wise map", std::move(y),
      {x, residual, p.hidden_weight, p.hidden_bias, p.weight, p.bias, state.scale, state.shift},
      [&tape, x, residual, p, state, input = x.value(), map, mask, positions, hidden_sum, sum,
       kept](const Tensor& dy) mutable {
        map.dropout = &mask;
        map.Backward(input.data(), kept, dy.data(), p.Gradients(tape, x, residual, state));
      });
}

Var Rows(Tape& tape, Var x, const Tensor& rows) {
  CheckMatrix("Rows", x);
  const int64_t count = rows.size(), columns = x.dim(1);
  Tensor y = Tensor::Uninitialized({count, columns});
  GatherRows(count, columns, rows.ints(), x.value().data(), y.data());
  return tape.Record("rows", std::move(y), {x}, [&tape, x, rows, count, columns](const Tensor& dy) {
    Gradient dx = tape.GradientOf(x);
    if (!dx.accumulate()) dx.tensor().Zero();
    AddToRows(count, columns, rows.ints(), dy.data(), dx.data());
  });
}

Tensor FirstRows(const TokenBatch& batch) {
  Tensor rows = Tensor::Uninitialized({batch.samples}, DType::kInt32);
  for (int64_t n = 0; n < batch.samples; ++n)
    rows.ints()[n] = static_cast<int32_t>(n * batch.tokens);
  return rows;
}

namespace {

// y[n] += Σ_l factor(n) x[n, l] over a sample's tokens, or, when `back`, x[n, l] += factor(n) y[n].
void SumOverTokens(int64_t samples, int64_t tokens, int64_t columns, const int32_t* lengths,
                   bool back, float* x, float* y) {
  ParallelFor(samples, tokens * columns, [&](int64_t n) {
    const int64_t length = lengths == nullptr ? tokens : lengths[n];
    const float factor = 1.0f / static_cast<float>(std::max<int64_t>(1, length));
    float* vector = y + n * columns;
    for (int64_t l = 0; l < length; ++l) {
      float* row = x + (n * tokens + l) * columns;
      float* to = back ? row : vector;
      const float* from = back ? vector : row;
#pragma omp simd
      for (int64_t c = 0; c < columns; ++c) to[c] += factor * from[c];
    }
  });
}

}  // namespace

Var MeanOverTokens(Tape& tape, Var x, const TokenBatch& batch) {
  CheckMatrix("MeanOverTokens", x);
  const int64_t columns = x.dim(1);
  Tensor y = Tensor::Zeros({batch.samples, columns});
  Tensor input = x.value();
  SumOverTokens(batch.samples, batch.tokens, columns, Ints(batch.lengths), false, input.data(),
                y.data());
  return tape.Record("mean over tokens", std::move(y), {x},
                     [&tape, x, batch, columns](const Tensor& dy) {
                       Gradient dx = tape.GradientOf(x);
                       if (!dx.accumulate()) dx.tensor().Zero();
                       Tensor d = dy;
                       SumOverTokens(batch.samples, batch.tokens, columns, Ints(batch.lengths),
                                     true, dx.data(), d.data());
                     });
}

}  // namespace pretext
