#include <numeric>
#include <utility>
#include <vector>

#include "base/parallel/parallel.h"
#include "core/ops/basic.h"
#include "core/ops/basic_internal.h"
#include "kernels/reduce/dot_product.h"

namespace pretext {

using namespace ops_internal;  // NOLINT: its own header

namespace {

Transpose Not(Transpose t) { return t == Transpose::kNo ? Transpose::kYes : Transpose::kNo; }

}  // namespace

Var MatMul(Tape& tape, Var a, Transpose transpose_a, Var b, Transpose transpose_b, float factor) {
  CheckShapes(a.value().rank() == 2 && b.value().rank() == 2, "MatMul", "matrices", a, b);
  const bool ta = transpose_a == Transpose::kYes, tb = transpose_b == Transpose::kYes;
  const int64_t m = a.dim(ta ? 1 : 0), k = a.dim(ta ? 0 : 1), n = b.dim(tb ? 0 : 1);
  CheckShapes(b.dim(tb ? 1 : 0) == k, "MatMul", "matrices that fit each other", a, b);
  const Tensor left = a.value().Plain(), right = b.value().Plain();
  Tensor y = Tensor::Uninitialized({m, n});
  Gemm(transpose_a, transpose_b, m, n, k, factor, left.data(), left.dim(1), right.data(),
       right.dim(1), 0.0f, y.data(), n);
  return tape.Record(
      "matrix product", std::move(y), {a, b},
      [&tape, a, b, left, right, transpose_a, transpose_b, m, n, k, factor](const Tensor& dy) {
        const Tensor d = dy.Plain();
        const int64_t lda = left.dim(1), ldb = right.dim(1);
        if (Gradient da = tape.GradientOf(a); da.wanted()) {
          if (transpose_a == Transpose::kNo) {  // dy op(b)ᵀ
            Gemm(Transpose::kNo, Not(transpose_b), m, k, n, factor, d.data(), n, right.data(), ldb,
                 da.beta(), da.data(), k);
          } else {  // op(b) dyᵀ
            Gemm(transpose_b, Transpose::kYes, k, m, n, factor, right.data(), ldb, d.data(), n,
                 da.beta(), da.data(), m);
          }
        }
        if (Gradient db = tape.GradientOf(b); db.wanted()) {
          if (transpose_b == Transpose::kNo) {  // op(a)ᵀ dy
            Gemm(Not(transpose_a), Transpose::kNo, k, n, m, factor, left.data(), lda, d.data(), n,
                 db.beta(), db.data(), n);
          } else {  // dyᵀ op(a)
            Gemm(Transpose::kYes, transpose_a, n, k, m, factor, d.data(), n, left.data(), lda,
                 db.beta(), db.data(), k);
          }
        }
      });
}

Var Slice(Tape& tape, Var x, int64_t begin, int64_t end) {
  CheckShapes(x.value().rank() > 0 && 0 <= begin && begin <= end && end <= x.dim(0), "Slice",
              "rows that are there", x);
  Tensor y = x.value().Plain().Rows(begin, end);
  const int64_t first = x.dim(0) == 0 ? 0 : begin * (x.value().size() / x.dim(0));
  return tape.Record("slice", std::move(y), {x}, [&tape, x, first](const Tensor& dy) {
    const Tensor g = dy.Plain();
    Gradient gradient = tape.GradientOf(x);
    if (!gradient.wanted()) return;
    if (!gradient.accumulate()) gradient.tensor().Zero();
    float* const dx = gradient.data() + first;
    ParallelElements(g.size(), [dx, d = g.data()](int64_t i) { dx[i] += d[i]; });
  });
}

Var Concat(Tape& tape, std::span<const Var> parts) {
  Shape shape = parts.front().shape();
  CheckShapes(shape.rank() > 0, "Concat", "parts with rows", parts.front());
  // One of the parts that require a gradient speaks for them all.
  Var inputs = parts.front();
  shape[0] = 0;
  for (const Var& part : parts) {
    Shape others = part.shape();
    if (others.rank() > 0) others[0] = shape[0];
    CheckShapes(others == shape, "Concat", "parts that differ in their rows alone", parts.front(),
                part);
    shape[0] += part.dim(0);
    if (part.requires_gradient()) inputs = part;
  }
  Tensor y = Tensor::Uninitialized(shape);
  float* to = y.data();
  for (const Var& part : parts) {
    const Tensor rows = part.value().Plain();
    ParallelElements(rows.size(), [to, from = rows.data()](int64_t i) { to[i] = from[i]; });
    to += rows.size();
  }
  return tape.Record(
      "concatenation", std::move(y), {inputs},
      [&tape, kept = std::vector<Var>(parts.begin(), parts.end())](const Tensor& dy) {
        const Tensor g = dy.Plain();
        const float* from = g.data();
        for (const Var& part : kept) {
          AddToGradient(tape, part, [from](int64_t i) { return from[i]; });
          from += part.value().size();
        }
      });
}

Var Diagonal(Tape& tape, Var x) {
  CheckShapes(x.value().rank() == 2 && x.dim(0) == x.dim(1), "Diagonal", "a square matrix", x);
  const int64_t n = x.dim(0);
  const Tensor input = x.value().Plain();
  Tensor y = Tensor::Uninitialized({n});
  for (int64_t i = 0; i < n; ++i) y.data()[i] = input.data()[i * n + i];
  return tape.Record("diagonal", std::move(y), {x}, [&tape, x, n](const Tensor& dy) {
    Gradient gradient = tape.GradientOf(x);
    if (!gradient.wanted()) return;
    if (!gradient.accumulate()) gradient.tensor().Zero();
    for (int64_t i = 0; i < n; ++i) gradient.data()[i * n + i] += dy.data()[i];
  });
}

Var OffDiagonalSquares(Tape& tape, Var x) {
  CheckShapes(x.value().rank() == 2 && x.dim(0) == x.dim(1) && x.dim(0) > 0, "OffDiagonalSquares",
              "a square matrix", x);
  const int64_t n = x.dim(0);
  const Tensor input = x.value().Plain();
  std::vector<double> sums(static_cast<size_t>(n));
  ParallelFor(n, n, [&](int64_t r) {
    const float* const row = input.data() + r * n;
    sums[static_cast<size_t>(r)] =
        RowDot(r, row, row) + RowDot(n - r - 1, row + r + 1, row + r + 1);
  });
  const double sum = std::accumulate(sums.begin(), sums.end(), 0.0);
  return tape.Record("off-diagonal squares", Tensor::Full({}, static_cast<float>(sum)), {x},
                     [&tape, x, input, n](const Tensor& dy) {
                       Tensor dx = Tensor::Uninitialized({n, n});
                       const float slope = 2 * dy.item();
                       ParallelFor(n, n, [&](int64_t r) {
                         const float* const row = input.data() + r * n;
                         float* const to = dx.data() + r * n;
#pragma omp simd
                         for (int64_t c = 0; c < n; ++c) to[c] = slope * row[c];
                         to[r] = 0;
                       });
                       tape.AddGradient(x, std::move(dx));
                     });
}

}  // namespace pretext
