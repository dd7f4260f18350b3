#include "core/ops/basic.h"

#include <utility>

#include "base/check/check.h"
#include "core/ops/basic_internal.h"
#include "kernels/dropout/dropout.h"
#include "kernels/gemm/gemm.h"
#include "kernels/reduce/column_sum.h"

namespace pretext {

void ops_internal::CheckLinear(const Tensor& x, const Parameter& weight) {
  PRETEXT_CHECK(x.layout().plain() && x.rank() == 2, "Linear takes a row-major matrix");
  PRETEXT_CHECK(weight.shape[1] == x.dim(1), "Linear: the weight does not fit its input");
}

Var Linear(Tape& tape, Var x, Parameter& weight, Parameter* bias, Activation activation) {
  ops_internal::CheckLinear(x.value(), weight);
  const int64_t rows = x.dim(0), in = x.dim(1), out = weight.shape[0];
  if (tape.precision() == Precision::kBfloat16) {
    const LinearMap map = {&weight, bias, activation};
    return ops_internal::LinearsInBfloat16(tape, x, {&map, 1});
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

Var Linears(Tape& tape, Var x, std::span<const LinearMap> maps) {
  if (tape.precision() == Precision::kBfloat16)
    return ops_internal::LinearsInBfloat16(tape, x, maps);
  for (const LinearMap& map : maps) x = Linear(tape, x, *map.weight, map.bias, map.activation);
  return x;
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
