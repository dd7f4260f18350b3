// attention.h with its products in bfloat16, on the processor's tiles (kernels/matrix_units).
//
// What leads to the scores and back from them is multiplied as sums of two numbers of bfloat16, x =
// high + low, 16 bits, in three products without that of the lows: QKᵀ, dO Vᵀ, dS K and dSᵀ Q, for
// roundings of 2^-8 on either side of an exponential would add up. The means of V and what they
// give to dV, exponentials times V and probabilities times dO, are of factors rounded once. Scores,
// softmax and sums are float32. Gradients of queries, keys and values are rounded as they are
// written: what follows them is their projection's product.
//
// A strip of 32 queries at a time: its scores with all keys, 128 L bytes, stay in the first-level
// cache (Dao et al. 2022 with whole rows of keys); the gradients of up to 128 queries meet a key
// at once. Work is shared out as in attention.h: the same bits whatever the number of threads.
// Without tiles (HasTiles) products are of float32.
#pragma once

#include <cstdint>

#include "kernels/attention/attention.h"
#include "kernels/bfloat16/bfloat16.h"

namespace pretext {

// As MutableMatrixRows.
struct MutableBfloat16Rows {
  Bfloat16* data = nullptr;
  int64_t stride = 0;
};

void Bfloat16AttentionForward(const AttentionShape& shape, MatrixRows q, MatrixRows k, MatrixRows v,
                              MutableMatrixRows out, float* statistics);

// column_sums: [N, 3, A·d], of each sample's rows of dq, dk and dv before they are rounded.
void Bfloat16AttentionBackward(const AttentionShape& shape, MatrixRows q, MatrixRows k,
                               MatrixRows v, MatrixRows out, const float* statistics,
                               MatrixRows dout, MutableBfloat16Rows dq, MutableBfloat16Rows dk,
                               MutableBfloat16Rows dv, float* column_sums);

}  // namespace pretext
