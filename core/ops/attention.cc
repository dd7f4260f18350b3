#include "kernels/attention/attention.h"

#include <utility>

#include "base/check/check.h"
#include "core/ops/attention_internal.h"
#include "core/ops/sequence.h"
#include "kernels/gather/gather.h"
#include "kernels/position_wise/position_wise.h"

namespace pretext {

using namespace ops_sequence_internal;  // NOLINT: its own header

namespace {

// The packed projection's parts: rows [0, D) of the weight give queries, [D, 3D) keys and values.
struct Projection {
  int64_t features;
  const Parameter* weight;
  const Parameter* bias;

  // The linear map that weight rows [first, first + out) make, of `count` rows.
  Tensor Forward(int64_t first, int64_t out, int64_t count, const Tensor& in) const {
    Tensor y = Tensor::Uninitialized({count, out});
    Map(first, out, count).Forward(in.data(), nullptr, {}, y.data());
    return y;
  }
  void Backward(int64_t first, int64_t out, int64_t count, const Tensor& in, const Tensor& dout,
                const PositionWise::Gradients& g) const {
    Map(first, out, count).Backward(in.data(), {}, dout.data(), g);
  }

 private:
  PositionWise Map(int64_t first, int64_t out, int64_t count) const {
    PositionWise map{.rows = count, .in = features, .out = out};
    map.weight = Data(weight) + first * features;
    if (bias != nullptr) map.bias = Data(bias) + first;
    return map;
  }
};

}  // namespace

Var SelfAttention::operator()(Tape& tape, Var x, const TokenBatch& batch, const Tensor& positions,
                              const ForwardContext& context) const {
  CheckMatrix("SelfAttention", x);
  const int64_t rows = batch.samples * batch.tokens, d = x.dim(1);
  PRETEXT_CHECK(x.dim(0) == rows && weight->shape[0] == 3 * d && d % heads == 0,
                "attention: shapes fit");
  const bool some = positions.defined();
  const int64_t queries = some ? positions.size() : rows;
  if (tape.precision() == Precision::kBfloat16)
    return InBfloat16(tape, x, batch, positions, context);
  const Projection projection{d, weight, bias};
  const Tensor input = x.value();

  // All rows: one matrix [R, 3D]. Some: queries [M, D] and, apart, keys and values [R, 2D].
  Tensor packed, q, x_some;
  if (some) {
    x_some = Tensor::Uninitialized({queries, d});
    GatherRows(queries, d, positions.ints(), x.value().data(), x_some.data());
    q = projection.Forward(0, d, queries, x_some);
    packed = projection.Forward(d, 2 * d, rows, input);
  } else {
    packed = projection.Forward(0, 3 * d, rows, input);
  }
  const int64_t stride = packed.dim(1), keys_at = some ? 0 : d;
  const auto query_rows = [stride, d, some](const Tensor& q, const Tensor& packed) {
    return some ? MatrixRows{q.data(), d} : MatrixRows{packed.data(), stride};
  };

  const DropoutMask mask = Mask(dropout, context);
  AttentionShape shape = ShapeOf(*this, d, batch, positions, context, mask);
  Tensor out = Tensor::Uninitialized({queries, d});
  Tensor statistics = tape.recording() ? Tensor::Uninitialized({queries, heads, 2}) : Tensor();
  AttentionForward(shape, query_rows(q, packed), {packed.data() + keys_at, stride},
                   {packed.data() + keys_at + d, stride}, {out.data(), d},
                   tape.recording() ? statistics.data() : nullptr);
  const Tensor kept_out = out;
  const Var w = Use(tape, weight), b = Use(tape, bias);
  return tape.Record("attention", std::move(out), {x, w, b},
                     [&tape, x, w, b, input, projection, shape, mask, lengths = batch.lengths,
                      positions, packed, q, x_some, kept_out, statistics, some, queries, rows, d,
                      stride, keys_at, query_rows](const Tensor& dy) mutable {
                       shape.dropout = &mask;
                       Tensor dpacked = Tensor::Uninitialized(packed.shape()),
                              dq = some ? Tensor::Uninitialized({queries, d}) : dpacked;
                       float* dkeys = dpacked.data() + keys_at;
                       AttentionBackward(
                           shape, query_rows(q, packed), {packed.data() + keys_at, stride},
                           {packed.data() + keys_at + d, stride}, {kept_out.data(), d},
                           statistics.data(), {dy.data(), d}, {dq.data(), some ? d : stride},
                           {dkeys, stride}, {dkeys + d, stride});
                       PositionWise::Gradients all;  // of the parameters as wholes
                       all.weight = tape.GradientOf(w);
                       all.bias = tape.GradientOf(b);
                       const auto backward = [&](int64_t first, int64_t out, int64_t count,
                                                 const Tensor& in, const Tensor& dout, Target dx) {
                         PositionWise::Gradients g;
                         g.x = dx;
                         g.weight = PartOf(all.weight, first * d);
                         g.bias = PartOf(all.bias, first);
                         projection.Backward(first, out, count, in, dout, g);
                       };
                       const Target dx = tape.GradientOf(x);
                       backward(some ? d : 0, stride, rows, input, dpacked, dx);
                       if (!some) return;
                       Tensor dx_some = Tensor::Uninitialized({queries, d});
                       backward(0, d, queries, x_some, dq, {dx_some.data()});
                       if (dx) AddToRows(queries, d, positions.ints(), dx_some.data(), dx.data);
                     });
}

}  // namespace pretext
