// What attention of one (sample, head) is over. Internal to the package.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/attention/attention.h"

namespace pretext::attention_internal {

// The queries and keys of one (sample, head).
struct Pair {
  int64_t first_query, end_query;  // rows of q and out; those of padding left out
  int64_t end_padding;             // rows [end_query, end_padding) are queries that are padding
  int64_t first_key, keys;         // rows of k and v
  int64_t column;                  // of the head
};

inline Pair FindPair(const AttentionShape& shape, int64_t sample, int64_t head) {
  const int64_t begin = sample * shape.tokens;
  const int64_t length = shape.lengths == nullptr ? shape.tokens : shape.lengths[sample];
  Pair pair;
  if (shape.positions == nullptr) {
    pair.first_query = begin;
    pair.end_query = begin + length;
    pair.end_padding = begin + shape.tokens;
  } else {
    const int32_t* end = shape.positions + shape.queries;
    const auto row = [&](int64_t position) {
      return std::lower_bound(shape.positions, end, position) - shape.positions;
    };
    pair.first_query = row(begin);
    pair.end_query = row(begin + length);
    pair.end_padding = row(begin + shape.tokens);
  }
  pair.first_key = begin;
  pair.keys = length;
  pair.column = head * shape.head_width;
  return pair;
}

// The row of the dropout mask that belongs to a query of a head.
inline int64_t MaskRow(const AttentionShape& shape, int64_t query, int64_t head) {
  const int64_t position = shape.positions == nullptr ? query : shape.positions[query];
  return (shape.first_sample * shape.tokens + position) * shape.heads + head;
}

}  // namespace pretext::attention_internal
