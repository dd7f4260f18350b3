// Sums of embeddings (Devlin et al. 2018, figure 2), and their gradients:
//
//   out[n, l] = token[ids[n, l]] + position[l] + segment[segments[n, l]]
//
// N samples of L tokens, D features. The gradient of a table's row is the sum of its occurrences in
// the order of the tokens, by one thread: the same bits whatever the number of threads.
#pragma once

#include <cstdint>

#include "kernels/target/target.h"

namespace pretext {

// Which rows of the tables are summed. Ids and segments out of range are
// a fault of the caller (checked).
struct EmbeddingIds {
  int64_t samples = 0, tokens = 0, features = 0;  // N, L, D
  int64_t vocabulary = 0, segment_count = 0;      // rows of the token and the segment table
  const int32_t* ids = nullptr;                   // [N, L]
  const int32_t* segments = nullptr;              // [N, L], or null: all 0
};

// The rows [begin, end) of the N·L into out[0, D) and on. position: [at least L, D]; segment:
// [segment_count, D], or null: none. From inside a parallel region or not.
void EmbeddingForward(const EmbeddingIds& ids, int64_t begin, int64_t end, const float* token,
                      const float* position, const float* segment, float* out);

// The gradients of the three tables from dout [N·L, D]. dposition has `positions` >= L rows; rows
// that were not looked up get 0, or are left as they are when accumulated.
void EmbeddingBackward(const EmbeddingIds& ids, int64_t positions, const float* dout,
                       const Target& dtoken, const Target& dposition, const Target& dsegment);

}  // namespace pretext
