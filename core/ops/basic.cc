#include "core/ops/basic.h"

#include <utility>

#include "base/check/check.h"
#include "core/ops/basic_internal.h"
#include "kernels/dropout/dropout.h"
#include "kernels/gemm/gemm.h"
#include "kernels/linear/bfloat16_linear.h"
#include "kernels/reduce/column_sum.h"

namespace pretext {

namespace {

using ops_internal::PaddedBfloat16;

// Linear with its products in bfloat16: x and W are rounded once, for both passes.
Var LinearInBfloat16(Tape& tape, Var x, Parameter& weight, Parameter* bias, Activation activation) {
  const int64_t rows = x.dim(0), padded = PaddedRows(rows), in = x.dim(1), out = weight.shape[0];
  const Tensor input = PaddedBfloat16(x.value().Plain());
  const Tensor matrix = weight.value.RowMajorBfloat16();
  const Bfloat16Linear map{.rows = padded, .in = in, .out = out, .weight = matrix.bfloat16s()};
  const Var w = tape.Use(weight), b = bias != nullptr ? tape.Use(*bias) : Var();
  const bool from_output = DerivativeFromOutput(activation);
  Tensor y = Tensor::Uninitialized({padded, out});
  map.Forward(input.bfloat16s(), bias != nullptr ? bias->value.data() : nullptr,
              from_output || !tape.recording() ? activation : Activation::kIdentity, y.data());
  y = y.Rows(0, rows);
  Tensor kept = activation == Activation::kIdentity ? Tensor() : y;
  if (!from_output && tape.recording()) {
    y = Tensor::Uninitialized({rows, out});
    ActivationForward(activation, kept.size(), kept.data(), y.data());
  }
  return tape.Record("linear", std::move(y), {x, w, b},
                     [&tape, x, w, b, kept = std::move(kept), input, matrix, map, rows, out,
                      activation](const Tensor& dy) {
                       Tensor d = dy.Plain();  // of the sum before the activation
                       if (activation != Activation::kIdentity) {
                         const Tensor after = std::exchange(d, Tensor::Uninitialized({rows, out}));
                         ActivationBackward(activation, d.size(), kept.data(), after.data(),
                                            d.data());
                       }
                       if (Gradient db = tape.GradientOf(b); db.wanted()) {
                         ColumnSum(rows, out, d.data(), db.accumulate(), db.data());
                       }
                       const Target dw = tape.GradientOf(w), dx = tape.GradientOf(x);
                       map.Backward(input.bfloat16s(), PaddedBfloat16(d).bfloat16s(), rows, dw, dx);
                     });
}

}  // namespace

Var Linear(Tape& tape, Var x, Parameter& weight, Parameter* bias, Activation activation) {
  PRETEXT_CHECK(x.value().layout().plain() && x.value().rank() == 2,
                "Linear takes a row-major matrix");
  const int64_t rows = x.dim(0), in = x.dim(1), out = weight.shape[0];
  PRETEXT_CHECK(weight.shape[1] == in, "Linear: the weight does not fit its input");
  if (tape.precision() == Precision::kBfloat16) {
    return LinearInBfloat16(tape, x, weight, bias, activation);
  }
  const float* const b = bias != nullptr ? bias->value.data() : nullptr;
  const Var w = tape.Use(weight);
  const Var bias_var = bias != nullptr ? tape.Use(*bias) : Var();

  Tensor y = Tensor::Uninitialized({rows, out});
  Tensor kept;  // what the activation's derivative is taken from
  if (DerivativeFromOutput(activation) || !tape.recording()) {
    GemmBiasActivation(Transpose::kNo, Transpose::kYes, rows, out, in, x.value().data(), in,
                       weight.value.data(), in, b, activation, y.data(), out);
    kept = y;
  } else {
    kept = Tensor::Uninitialized({rows, out});
    GemmBiasActivation(Transpose::kNo, Transpose::kYes, rows, out, in, x.value().data(), in,
                       weight.value.data(), in, b, Activation::kIdentity, kept.data(), out);
    ActivationForward(activation, kept.size(), kept.data(), y.data());
  }
  return tape.Record("linear", std::move(y), {x, w, bias_var},
                     [&tape, x, w, bias_var, kept = std::move(kept), input = x.value(), rows, in,
                      out, activation](const Tensor& dy) {
                       Tensor d = dy.Plain();  // of the sum before the activation
                       if (activation != Activation::kIdentity) {
                         d = Tensor::Uninitialized({rows, out});
                         ActivationBackward(activation, d.size(), kept.data(), dy.Plain().data(),
                                            d.data());
                       }
                       if (Gradient dw = tape.GradientOf(w); dw.wanted()) {  // dWᵀ = dᵀ x
                         Gemm(Transpose::kYes, Transpose::kNo, out, in, rows, 1, d.data(), out,
                              input.data(), in, dw.beta(), dw.data(), in);
                       }
                       if (Gradient db = tape.GradientOf(bias_var); db.wanted()) {
                         ColumnSum(rows, out, d.data(), db.accumulate(), db.data());
                       }
                       if (Gradient dx = tape.GradientOf(x); dx.wanted()) {  // dx = d W
                         Gemm(Transpose::kNo, Transpose::kNo, rows, in, out, 1, d.data(), out,
                              w.value().data(), in, dx.beta(), dx.data(), in);
                       }
                     });
}

Var Activate(Tape& tape, Var x, Activation activation) {
  if (activation == Activation::kIdentity) return x;
  const Tensor input = x.value().Plain();
  Tensor y = Tensor::Uninitialized(input.shape());
  ActivationForward(activation, input.size(), input.data(), y.data());
  Tensor kept = DerivativeFromOutput(activation) ? y : input;
  return tape.Record("activation", std::move(y), {x},
                     [&tape, x, kept = std::move(kept), activation](const Tensor& dy) {
                       Tensor dx = Tensor::Uninitialized(kept.shape());
                       ActivationBackward(activation, dx.size(), kept.data(), dy.Plain().data(),
                                          dx.data());
                       tape.AddGradient(x, std::move(dx));
                     });
}

Var Reshape(Tape& tape, Var x, const Shape& shape) {
  if (x.value().plain() && x.shape() == shape) return x;
  const Shape before = x.shape();
  return tape.Record(
      "reshape", x.value().Plain().Reshaped(shape), {x},
      [&tape, x, before](const Tensor& dy) { tape.AddGradient(x, dy.Plain().Reshaped(before)); });
}

Var Flatten(Tape& tape, Var x) {
  const int64_t rows = x.dim(0);
  return Reshape(tape, x, {rows, rows == 0 ? 0 : x.value().size() / rows});
}

Var Dropout(Tape& tape, Var x, float probability, const ForwardContext& context, uint32_t layer) {
  if (!context.drops() || probability == 0) return x;
  const DropoutMask mask = MakeDropout(context.DropoutKey(layer), probability);
  const int64_t rows = x.dim(0), columns = rows == 0 ? 0 : x.value().size() / rows;
  Tensor y = Tensor::Uninitialized(x.shape());
  ApplyDropout(mask, context.first_row, rows, columns, x.value().Plain().data(), y.data());
  return tape.Record("dropout", std::move(y), {x},
                     [&tape, x, mask, first = context.first_row, rows, columns](const Tensor& dy) {
                       Tensor dx = Tensor::Uninitialized(dy.shape());
                       ApplyDropout(mask, first, rows, columns, dy.Plain().data(), dx.data());
                       tape.AddGradient(x, std::move(dx));
                     });
}

}  // namespace pretext
