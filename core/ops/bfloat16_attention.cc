#include "kernels/attention/bfloat16_attention.h"

#include <algorithm>
#include <utility>

#include "core/ops/attention_internal.h"
#include "core/ops/basic_internal.h"
#include "core/ops/sequence.h"
#include "kernels/gather/gather.h"
#include "kernels/linear/bfloat16_linear.h"
#include "kernels/reduce/column_sum.h"

namespace pretext {

using namespace ops_sequence_internal;  // NOLINT: its own header
using ops_internal::PaddedBfloat16;

namespace {

// A gradient's rows [count, columns], and those of the padding, which are 0.
Tensor RoundedGradient(int64_t count, int64_t columns) {
  Tensor rows = Tensor::Uninitialized({PaddedRows(count), columns}, DType::kBfloat16);
  std::fill(rows.bfloat16s() + count * columns, rows.bfloat16s() + rows.size(), Bfloat16{});
  return rows;
}

// The packed projection's parts: rows [0, D) of the weight give queries, [D, 3D) keys and values.
struct Projection {
  int64_t features;
  Tensor weight;
  const Parameter* bias;

  // The linear map that weight rows [first, first + out) make, of `count` rows.
  Tensor Forward(int64_t first, int64_t out, int64_t count, const Tensor& in) const {
    Tensor y = Tensor::Uninitialized({PaddedRows(count), out});
    Map(first, out, count)
        .Forward(in.bfloat16s(), bias != nullptr ? Data(bias) + first : nullptr,
                 Activation::kIdentity, y.data());
    return y;
  }
  void Backward(int64_t first, int64_t out, int64_t count, const Tensor& in, const Tensor& dout,
                const Target& all_weights, const Target& dx) const {
    Map(first, out, count)
        .Backward(in.bfloat16s(), dout.bfloat16s(), count, PartOf(all_weights, first * features),
                  dx);
  }

 private:
  Bfloat16Linear Map(int64_t first, int64_t out, int64_t count) const {
    return {.rows = PaddedRows(count),
            .in = features,
            .out = out,
            .weight = weight.bfloat16s() + first * features};
  }
};

// Queries, keys and values, or their gradients: of all rows one matrix [R, 3D]; of some, queries
// [M, D] and, apart, keys and values [R, 2D].
struct Projected {
  int64_t d;
  Tensor packed, queries;  // the latter undefined for all rows

  MatrixRows q() const { return {queries_or_packed().data(), queries_or_packed().dim(1)}; }
  MutableBfloat16Rows dq() { return {queries_or_packed().bfloat16s(), queries_or_packed().dim(1)}; }
  // Column block i of keys and values.
  MatrixRows kv(int64_t i) const { return {packed.data() + column(i), packed.dim(1)}; }
  MutableBfloat16Rows dkv(int64_t i) { return {packed.bfloat16s() + column(i), packed.dim(1)}; }

 private:
  Tensor queries_or_packed() const { return queries.defined() ? queries : packed; }
  int64_t column(int64_t i) const { return (queries.defined() ? i : i + 1) * d; }
};

}  // namespace

Var SelfAttention::InBfloat16(Tape& tape, Var x, const TokenBatch& batch, const Tensor& positions,
                              const ForwardContext& context) const {
  const int64_t rows = batch.samples * batch.tokens, d = x.dim(1);
  const bool some = positions.defined();
  const DropoutMask mask = Mask(dropout, context);
  AttentionShape shape = ShapeOf(*this, d, batch, positions, context, mask);
  const int64_t queries = shape.queries;
  const Projection projection{d, weight->value.RowMajorBfloat16(), bias};
  const Tensor input = PaddedBfloat16(x.value());
  Projected y{.d = d, .packed = {}, .queries = {}};
  Tensor x_some;
  if (some) {
    x_some = Tensor::Uninitialized({queries, d});
    GatherRows(queries, d, positions.ints(), x.value().data(), x_some.data());
    x_some = PaddedBfloat16(x_some);
    y.queries = projection.Forward(0, d, queries, x_some);
    y.packed = projection.Forward(d, 2 * d, rows, input);
  } else {
    y.packed = projection.Forward(0, 3 * d, rows, input);
  }
  Tensor out = Tensor::Uninitialized({queries, d});
  Tensor statistics = tape.recording() ? Tensor::Uninitialized({queries, heads, 2}) : Tensor();
  Bfloat16AttentionForward(shape, y.q(), y.kv(0), y.kv(1), {out.data(), d},
                           tape.recording() ? statistics.data() : nullptr);
  const Tensor kept_out = out;
  const Var w = Use(tape, weight), b = Use(tape, bias);
  return tape.Record(
      "attention", std::move(out), {x, w, b},
      [&tape, x, w, b, input, projection, shape, mask, lengths = batch.lengths, positions, y,
       x_some, kept_out, statistics, some, rows, d](const Tensor& dy) mutable {
        shape.dropout = &mask;
        Projected g{.d = d, .packed = RoundedGradient(rows, y.packed.dim(1)), .queries = {}};
        if (some) g.queries = RoundedGradient(shape.queries, d);
        Tensor sums = Tensor::Uninitialized({shape.samples, 3 * d});
        Bfloat16AttentionBackward(shape, y.q(), y.kv(0), y.kv(1), {kept_out.data(), d},
                                  statistics.data(), {dy.data(), d}, g.dq(), g.dkv(0), g.dkv(1),
                                  sums.data());
        const Target all_weights = tape.GradientOf(w), all_biases = tape.GradientOf(b);
        if (all_biases) {
          ColumnSum(shape.samples, 3 * d, sums.data(), all_biases.accumulate, all_biases.data);
        }
        const Target dx = tape.GradientOf(x);
        projection.Backward(some ? d : 0, g.packed.dim(1), rows, input, g.packed, all_weights, dx);
        if (!some) return;
        Tensor dx_some = Tensor::Uninitialized({shape.queries, d});
        projection.Backward(0, d, shape.queries, x_some, g.queries, all_weights, {dx_some.data()});
        if (dx) AddToRows(shape.queries, d, positions.ints(), dx_some.data(), dx.data);
      });
}

}  // namespace pretext
