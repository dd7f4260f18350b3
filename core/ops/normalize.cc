#include <cmath>
#include <utility>

#include "base/parallel/parallel.h"
#include "core/ops/basic.h"
#include "core/ops/basic_internal.h"
#include "kernels/batch_norm/batch_norm.h"
#include "kernels/reduce/column_sum.h"
#include "kernels/reduce/dot_product.h"

namespace pretext {

using namespace ops_internal;  // NOLINT: its own header

namespace {

// mean[c] of x [rows, columns].
Tensor MeanOfColumns(const Tensor& x) {
  const int64_t rows = x.dim(0);
  Tensor mean = Tensor::Uninitialized({x.dim(1)});
  ColumnSum(rows, x.dim(1), x.data(), /*accumulate=*/false, mean.data());
  for (int64_t c = 0; c < mean.size(); ++c) mean.data()[c] /= static_cast<float>(rows);
  return mean;
}

}  // namespace

Var NormalizeRows(Tape& tape, Var x, float epsilon) {
  CheckMatrix("NormalizeRows", x);
  const Tensor input = x.value().Plain();
  const int64_t rows = x.dim(0), columns = x.dim(1);
  Tensor y = Tensor::Uninitialized(input.shape()), length = Tensor::Uninitialized({rows});
  ParallelFor(rows, columns, [&](int64_t r) {
    const float* const from = input.data() + r * columns;
    const auto norm = static_cast<float>(std::sqrt(RowDot(columns, from, from)));
    length.data()[r] = norm;
    const float inverse = 1 / (norm < epsilon ? epsilon : norm);  // NaN goes on
    for (int64_t c = 0; c < columns; ++c) y.data()[r * columns + c] = inverse * from[c];
  });
  return tape.Record("normalised rows", y, {x}, [&tape, x, y, length, epsilon](const Tensor& dy) {
    const Tensor g = dy.Plain();
    const int64_t n = y.dim(0), d = y.dim(1);
    Tensor dx = Tensor::Uninitialized(y.shape());
    // (dy - y (y · dy)) / |x|; below ε the divisor is a constant.
    ParallelFor(n, d, [&](int64_t r) {
      const float *const unit = y.data() + r * d, *const gradient = g.data() + r * d;
      const float norm = length.data()[r];
      const bool constant = norm < epsilon;
      const float inverse = 1 / (constant ? epsilon : norm);
      const float along = constant ? 0.0f : static_cast<float>(RowDot(d, unit, gradient));
      for (int64_t c = 0; c < d; ++c)
        dx.data()[r * d + c] = inverse * (gradient[c] - along * unit[c]);
    });
    tape.AddGradient(x, std::move(dx));
  });
}

Var ColumnMean(Tape& tape, Var x) {
  CheckMatrix("ColumnMean", x);
  return tape.Record("column means", MeanOfColumns(x.value().Plain()), {x},
                     [&tape, x](const Tensor& dy) {
                       Tensor dx = Tensor::Uninitialized(x.shape());
                       const int64_t rows = x.dim(0), columns = x.dim(1);
                       ParallelFor(rows, columns, [&](int64_t r) {
                         for (int64_t c = 0; c < columns; ++c)
                           dx.data()[r * columns + c] = dy.data()[c] / static_cast<float>(rows);
                       });
                       tape.AddGradient(x, std::move(dx));
                     });
}

Var CenterColumns(Tape& tape, Var x) {
  CheckMatrix("CenterColumns", x);
  const auto center = [](const Tensor& from, Tensor& to) {
    const Tensor mean = MeanOfColumns(from);
    const int64_t columns = from.dim(1);
    ParallelFor(from.dim(0), columns, [&](int64_t r) {
      const float *const row = from.data() + r * columns, *const m = mean.data();
      float* const y = to.data() + r * columns;
      for (int64_t c = 0; c < columns; ++c) y[c] = row[c] - m[c];
    });
  };
  Tensor y = Tensor::Uninitialized(x.shape());
  center(x.value().Plain(), y);
  return tape.Record("centered columns", std::move(y), {x}, [&tape, x, center](const Tensor& dy) {
    Tensor dx = Tensor::Uninitialized(dy.shape());
    center(dy.Plain(), dx);
    tape.AddGradient(x, std::move(dx));
  });
}

Var StandardizeColumns(Tape& tape, Var x, float epsilon) {
  CheckMatrix("StandardizeColumns", x);
  const Tensor input = x.value().Plain();
  const int64_t dims[] = {x.dim(0), x.dim(1)};
  const ChannelOrder order = ChannelOrderOf(input.layout(), dims, 2, dims[0]);
  const auto vector = [](int64_t size) { return Tensor::Uninitialized({size}); };
  Tensor partials = vector(static_cast<int64_t>(BatchNormPartials(order)));
  Tensor mean = vector(dims[1]), variance = vector(dims[1]), inverse = vector(dims[1]);
  Tensor y = Tensor::Uninitialized(input.shape());
  BatchNormMoments(order, 0, 1, input.data(), partials.data());
  FinishBatchNormMoments(order, partials.data(), mean.data(), variance.data());
  InverseDeviation(dims[1], variance.data(), epsilon, inverse.data());
  const BatchNormParameters parameters{mean.data(), inverse.data(), nullptr, nullptr};
  BatchNormForward(order, parameters, input.data(), nullptr, /*relu=*/false, y.data());
  return tape.Record("standardised columns", std::move(y), {x},
                     [&tape, x, input, order, mean, inverse, partials](const Tensor& dy) mutable {
                       constexpr BatchNormMask kMask = BatchNormMask::kNone;
                       const BatchNormParameters p{mean.data(), inverse.data(), nullptr, nullptr};
                       Tensor dgamma = Tensor::Uninitialized(mean.shape()), dbeta = dgamma.Clone();
                       Tensor dx = dy.Plain().Clone();
                       BatchNormGradientSums(order, 0, 1, p, kMask, input.data(), nullptr,
                                             dx.data(), nullptr, partials.data());
                       FinishBatchNormGradientSums(order, p, partials.data(), dgamma.data(),
                                                   dbeta.data());
                       BatchNormBackward(order, 1, p, kMask, input.data(), nullptr, dx.data(),
                                         dgamma.data(), dbeta.data(), dx.data());
                       tape.AddGradient(x, std::move(dx));
                     });
}

}  // namespace pretext
