// What self-attention does alike in float32 and bfloat16.
#pragma once

#include <cmath>
#include <cstdint>

#include "core/ops/sequence_internal.h"
#include "kernels/attention/attention.h"

namespace pretext::ops_sequence_internal {

// The kernel's shape for rows of d features, which points at `mask`.
inline AttentionShape ShapeOf(const SelfAttention& attention, int64_t d, const TokenBatch& batch,
                              const Tensor& positions, const ForwardContext& context,
                              const DropoutMask& mask) {
  const int64_t width = d / attention.heads;
  AttentionShape shape{.samples = batch.samples,
                       .tokens = batch.tokens,
                       .heads = attention.heads,
                       .head_width = width};
  shape.scale = 1.0f / std::sqrt(static_cast<float>(width));
  shape.lengths = Ints(batch.lengths);
  shape.positions = Ints(positions);
  shape.queries = positions.defined() ? positions.size() : batch.samples * batch.tokens;
  shape.first_sample = context.first_row;
  shape.dropout = &mask;
  return shape;
}

// A part of a parameter's gradient, from an element on.
inline Target PartOf(const Target& whole, int64_t offset) {
  return {whole ? whole.data + offset : nullptr, whole.accumulate};
}

}  // namespace pretext::ops_sequence_internal
