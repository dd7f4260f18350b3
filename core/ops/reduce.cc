#include "absl/strings/str_cat.h"
#include "base/check/check.h"
#include "core/ops/basic.h"
#include "core/ops/basic_internal.h"

namespace pretext {
namespace ops_internal {

void CheckShapes(bool good, const char* operation, const char* what, Var a, Var b) {
  PRETEXT_CHECK(good, absl::StrCat(operation, " takes ", what, "; it is given ",
                                   a.shape().rank() == 0 ? "a scalar" : a.shape().ToString(),
                                   b.defined() ? " and " : "",
                                   !b.defined()            ? ""
                                   : b.shape().rank() == 0 ? "a scalar"
                                                           : b.shape().ToString())
                          .c_str());
}

void CheckMatrix(const char* operation, Var x) {
  CheckShapes(x.value().rank() == 2 && x.dim(0) > 0, operation, "a matrix with rows", x);
}

}  // namespace ops_internal

using namespace ops_internal;  // NOLINT: its own header

namespace {

// factor · Σ x.
Var ScaledSum(Tape& tape, const char* operation, Var x, double factor) {
  const Tensor input = x.value().Plain();
  const float* const in = input.data();
  const double sum = BlockSum(input.size(), [&](int64_t i) { return static_cast<double>(in[i]); });
  return tape.Record(operation, Tensor::Full({}, static_cast<float>(factor * sum)), {x},
                     [&tape, x, factor](const Tensor& dy) {
                       const auto slope = static_cast<float>(factor * dy.item());
                       AddToGradient(tape, x, [slope](int64_t) { return slope; });
                     });
}

}  // namespace

Var Sum(Tape& tape, Var x) {
  CheckShapes(x.value().size() > 0, "Sum", "at least one element", x);
  return ScaledSum(tape, "sum", x, 1);
}

Var Mean(Tape& tape, Var x) {
  CheckShapes(x.value().size() > 0, "Mean", "at least one element", x);
  return ScaledSum(tape, "mean", x, 1 / static_cast<double>(x.value().size()));
}

Var SumOfSquares(Tape& tape, Var x) {
  CheckShapes(x.value().size() > 0, "SumOfSquares", "at least one element", x);
  const Tensor input = x.value().Plain();
  const float* const in = input.data();
  const double sum =
      BlockSum(input.size(), [&](int64_t i) { return static_cast<double>(in[i]) * in[i]; });
  return tape.Record("sum of squares", Tensor::Full({}, static_cast<float>(sum)), {x},
                     [&tape, x, input](const Tensor& dy) {
                       const float slope = 2 * dy.item();
                       AddToGradient(tape, x,
                                     [slope, v = input.data()](int64_t i) { return slope * v[i]; });
                     });
}

}  // namespace pretext
