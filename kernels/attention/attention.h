// Scaled dot-product attention with several heads (Vaswani et al. 2017, section 3.2), forward and
// backward, without ever holding more than a block of scores a thread: the backward pass computes
// them again (Dao et al. 2022, algorithm 4, with whole rows of keys).
//
//   S = scale · Q Kᵀ
//   P = softmax(S)        over the keys that are not padding
//   O = dropout(P) V
//
// N samples of L tokens; A heads of width d, side by side in the columns of every matrix: head a
// has columns [a·d, (a+1)·d). Q, K and V may be parts of one packed projection [N·L, 3·A·d].
//
// A sample's keys are its first `length` tokens. Queries are all N·L tokens, or the M that
// `positions` lists (the masked tokens, when nothing else is needed of the last layer). A query
// that is padding gives 0 and has no gradient. The (sample, head) pairs are shared among the OpenMP
// threads; each is computed by one of them alone: the same bits whatever the number of threads.
#pragma once

#include <cstdint>

#include "kernels/dropout/dropout.h"

namespace pretext {

// A matrix: rows that begin `stride` apart.
struct MatrixRows {
  const float* data = nullptr;
  int64_t stride = 0;
};
// The same, to be written.
struct MutableMatrixRows {
  float* data = nullptr;
  int64_t stride = 0;
};

// What attention is over.
struct AttentionShape {
  int64_t samples = 0, tokens = 0;  // N, L
  int64_t heads = 0, head_width = 0;
  float scale = 1;                     // 1 / √d
  const int32_t* lengths = nullptr;    // [N], each 0..L; null: all L
  const int32_t* positions = nullptr;  // [M] ascending, sample · L + token; null: all
  int64_t queries = 0;                 // M; without positions N·L
  const DropoutMask* dropout = nullptr;
  // The mask is for the whole batch, a row of L for each query and head: sample n takes that of
  // first_sample + n.
  int64_t first_sample = 0;
};

// q, out: [queries, A·d]; k, v: [N·L, A·d]. statistics: [queries, A, 2], each row's largest score
// and the reciprocal of its sum of exponentials, for the backward pass; null: not kept.
void AttentionForward(const AttentionShape& shape, MatrixRows q, MatrixRows k, MatrixRows v,
                      MutableMatrixRows out, float* statistics);

// dq, dk, dv from dout; every element is written.
void AttentionBackward(const AttentionShape& shape, MatrixRows q, MatrixRows k, MatrixRows v,
                       MatrixRows out, const float* statistics, MatrixRows dout,
                       MutableMatrixRows dq, MutableMatrixRows dk, MutableMatrixRows dv);

}  // namespace pretext
