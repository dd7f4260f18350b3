#include <cmath>
#include <utility>

#include "base/parallel/parallel.h"
#include "core/ops/basic.h"
#include "core/ops/basic_internal.h"

namespace pretext {

using namespace ops_internal;  // NOLINT: its own header

namespace {

// y_i = value(x_i); dx_i = slope(x_i, y_i) · dy_i.
template <class Value, class Slope>
Var Elementwise(Tape& tape, const char* operation, Var x, const Value& value, const Slope& slope) {
  const Tensor input = x.value().Plain();
  Tensor y = Tensor::Uninitialized(input.shape());
  const float* const in = input.data();
  float* const out = y.data();
  ParallelElements(y.size(), [&](int64_t i) { out[i] = value(in[i]); });
  return tape.Record(operation, y, {x}, [&tape, x, input, y, slope](const Tensor& dy) {
    const Tensor g = dy.Plain();
    const float *const gradient = g.data(), *const from = input.data(), *const to = y.data();
    AddToGradient(tape, x, [&](int64_t i) { return slope(from[i], to[i]) * gradient[i]; });
  });
}

}  // namespace

Var Add(Tape& tape, Var a, Var b) {
  CheckShapes(a.shape() == b.shape(), "Add", "two tensors of one shape", a, b);
  Tensor y = a.value().Clone();
  AddInPlace(y, b.value());
  return tape.Record("add", std::move(y), {a, b}, [&tape, a, b](const Tensor& dy) {
    tape.AddGradient(a, dy);
    tape.AddGradient(b, dy);
  });
}

Var Subtract(Tape& tape, Var a, Var b) {
  CheckShapes(a.shape() == b.shape(), "Subtract", "two tensors of one shape", a, b);
  Tensor y = a.value().Clone();
  AddInPlace(y, b.value(), -1.0f);
  return tape.Record("subtract", std::move(y), {a, b}, [&tape, a, b](const Tensor& dy) {
    const Tensor g = dy.Plain();
    AddToGradient(tape, b, [gradient = g.data()](int64_t i) { return -gradient[i]; });
    tape.AddGradient(a, dy);
  });
}

Var Multiply(Tape& tape, Var a, Var b) {
  CheckShapes(a.shape() == b.shape(), "Multiply", "two tensors of one shape", a, b);
  const Tensor left = a.value().Plain(), right = b.value().Plain();
  Tensor y = Tensor::Uninitialized(left.shape());
  const float *const l = left.data(), *const r = right.data();
  float* const out = y.data();
  ParallelElements(y.size(), [&](int64_t i) { out[i] = l[i] * r[i]; });
  return tape.Record(
      "multiply", std::move(y), {a, b}, [&tape, a, b, left, right](const Tensor& dy) {
        const Tensor g = dy.Plain();
        const float* const gradient = g.data();
        AddToGradient(tape, a, [&, r = right.data()](int64_t i) { return r[i] * gradient[i]; });
        AddToGradient(tape, b, [&, l = left.data()](int64_t i) { return l[i] * gradient[i]; });
      });
}

Var Scale(Tape& tape, Var x, float factor) {
  return Elementwise(
      tape, "scale", x, [factor](float v) { return factor * v; },
      [factor](float, float) { return factor; });
}

Var Offset(Tape& tape, Var x, float term) {
  return Elementwise(
      tape, "offset", x, [term](float v) { return v + term; }, [](float, float) { return 1.0f; });
}

Var Square(Tape& tape, Var x) {
  return Elementwise(
      tape, "square", x, [](float v) { return v * v; }, [](float v, float) { return 2 * v; });
}

Var Sqrt(Tape& tape, Var x) {
  return Elementwise(
      tape, "square root", x, [](float v) { return std::sqrt(v); },
      [](float, float root) { return 0.5f / root; });
}

Var Detach(Tape& tape, Var x) { return tape.Constant(x.value()); }

}  // namespace pretext
