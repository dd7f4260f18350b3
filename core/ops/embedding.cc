#include "kernels/embedding/embedding.h"

#include <utility>

#include "base/check/check.h"
#include "core/ops/sequence.h"
#include "core/ops/sequence_internal.h"
#include "kernels/layer_norm/layer_norm.h"

namespace pretext {

using namespace ops_sequence_internal;  // NOLINT: its own header

Var EmbedTokens(Tape& tape, const TokenBatch& batch, const EmbeddingTables& tables,
                const LayerNormLayer& norm, DropoutLayer dropout, const ForwardContext& context) {
  const int64_t rows = batch.samples * batch.tokens, columns = tables.token->shape[1];
  EmbeddingIds ids{.samples = batch.samples, .tokens = batch.tokens, .features = columns};
  ids.vocabulary = tables.token->shape[0];
  ids.segment_count = tables.segment == nullptr ? 0 : tables.segment->shape[0];
  ids.ids = batch.ids.ints();
  ids.segments = Ints(batch.segments);
  PRETEXT_CHECK(tables.position->shape[0] >= batch.tokens,
                "a sequence is not longer than the position table");
  Tensor sum = Tensor::Uninitialized({rows, columns});
  EmbeddingForward(ids, 0, rows, Data(tables.token), Data(tables.position), Data(tables.segment),
                   sum.data());

  const bool normalised = norm.scale != nullptr;
  NormState state(tape, norm, rows);
  const DropoutMask mask = Mask(dropout, context);
  const int64_t first_row = context.first_row * batch.tokens;
  Tensor y = normalised ? Tensor::Uninitialized({rows, columns}) : sum;
  LayerNormForward forward{.rows = rows, .columns = columns, .x = sum.data()};
  (normalised ? forward.output_dropout : forward.dropout) = &mask;
  forward.first_row = first_row;
  forward.gamma = Data(norm.scale);
  forward.beta = Data(norm.shift);
  forward.epsilon = norm.epsilon;
  forward.sum = sum.data();
  forward.y = y.data();
  forward.mean = state.mean_data();
  forward.inverse_deviation = state.inverse_data();
  forward.Run();
  const Var token = Use(tape, tables.token), position = Use(tape, tables.position),
            segment = Use(tape, tables.segment);
  return tape.Record(
      "embedding", std::move(y), {token, position, segment, state.scale, state.shift},
      [&tape, token, position, segment, state, ids, batch, mask, first_row, normalised,
       gamma = norm.scale, rows, columns,
       sum = normalised ? sum : Tensor()](const Tensor& dy) mutable {
        Tensor dsum = Tensor::Uninitialized({rows, columns});
        LayerNormBackward backward{.rows = rows, .columns = columns, .dy = dy.data()};
        if (normalised) {
          backward.sum = sum.data();
          backward.mean = state.mean.data();
          backward.inverse_deviation = state.inverse_deviation.data();
          backward.gamma = gamma->value.data();
        }
        (normalised ? backward.output_dropout : backward.dropout) = &mask;
        backward.first_row = first_row;
        backward.dx = {dsum.data()};
        backward.dgamma = tape.GradientOf(state.scale);
        backward.dbeta = tape.GradientOf(state.shift);
        backward.Run();
        EmbeddingBackward(ids, position.dim(0), dsum.data(), tape.GradientOf(token),
                          tape.GradientOf(position), tape.GradientOf(segment));
      });
}

}  // namespace pretext
