#include "core/ops/residual.h"

#include <utility>

#include "base/parallel/parallel.h"
#include "core/ops/sequence_internal.h"

namespace pretext {

using namespace ops_sequence_internal;  // NOLINT: its own header

namespace {

// s of each row.
Tensor RowFactors(const DropoutLayer& layer, int64_t rows, int64_t tokens, const Tensor& positions,
                  const ForwardContext& context) {
  const DropoutMask mask = Mask(layer, context);
  if (!mask.active()) return Tensor::Full({rows}, 1);
  Tensor factors = Tensor::Uninitialized({rows});
  float* const factor = factors.data();
  const int32_t* const places = Ints(positions);
  int64_t drawn = -1;  // for the sample of the row before
  for (int64_t r = 0; r < rows; ++r) {
    const int64_t sample = (places != nullptr ? places[r] : r) / tokens;
    if (sample == drawn) {
      factor[r] = factor[r - 1];
      continue;
    }
    DropoutRow(mask, context.first_row + sample, 1, factor + r);
    drawn = sample;
  }
  return factors;
}

// dγ[c] = Σ_r s_r dy[r, c] x[r, c], a line of columns at a time: the same whatever the threads.
void ScaleGradient(const Tensor& factors, const Tensor& x, const Tensor& dy, Gradient dscale) {
  const int64_t rows = x.dim(0), columns = x.dim(1);
  if (!dscale.accumulate()) dscale.tensor().Zero();
  ParallelBlocks(columns, 16, rows, [&](int64_t begin, int64_t end) {
    float* const sum = dscale.data();
    for (int64_t r = 0; r < rows; ++r) {
      const float factor = factors.data()[r];
      const float *const from = x.data() + r * columns, *const slope = dy.data() + r * columns;
#pragma omp simd
      for (int64_t c = begin; c < end; ++c) sum[c] += factor * slope[c] * from[c];
    }
  });
}

}  // namespace

Var ResidualBranch::operator()(Tape& tape, Var x, Var residual, int64_t tokens,
                               const Tensor& positions, const ForwardContext& context) const {
  CheckMatrix("ResidualBranch", x);
  const int64_t rows = x.dim(0), columns = x.dim(1);
  const Tensor factors = RowFactors(drop_path, rows, tokens, positions, context);
  const float* const gamma = Data(scale);
  Tensor y = Tensor::Uninitialized(x.shape());
  ParallelFor(rows, columns, [&](int64_t r) {
    const float factor = factors.data()[r];
    const float *const from = x.value().data() + r * columns, *const beside =
                                                                  residual.value().data() +
                                                                  r * columns;
    float* const to = y.data() + r * columns;
#pragma omp simd
    for (int64_t c = 0; c < columns; ++c)
      to[c] = beside[c] + factor * (gamma == nullptr ? 1.0f : gamma[c]) * from[c];
  });
  const Var s = Use(tape, scale);
  return tape.Record("residual branch", std::move(y), {x, residual, s},
                     [&tape, x, residual, s, input = scale == nullptr ? Tensor() : x.value(),
                      factors, gamma, rows, columns](const Tensor& dy) {
                       if (Gradient ds = tape.GradientOf(s); ds.wanted())
                         ScaleGradient(factors, input, dy, ds);
                       if (Gradient dx = tape.GradientOf(x); dx.wanted()) {
                         ParallelFor(rows, columns, [&](int64_t r) {
                           const float factor = factors.data()[r], keep = dx.beta();
                           const float* const from = dy.data() + r * columns;
                           float* const to = dx.data() + r * columns;
                           for (int64_t c = 0; c < columns; ++c) {
                             const float d =
                                 factor * (gamma == nullptr ? 1.0f : gamma[c]) * from[c];
                             to[c] = keep == 0 ? d : to[c] + d;
                           }
                         });
                       }
                       if (residual.requires_gradient()) tape.AddGradient(residual, dy);
                     });
}

}  // namespace pretext
