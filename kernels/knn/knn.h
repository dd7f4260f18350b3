// The nearest neighbours of many queries by dot product, exactly.
#pragma once

#include <cstdint>

namespace pretext {

// For each of Q queries [Q, D] the K of the N base rows [N, D] with the largest scores
//
//   score = (query · base row) · base_scale[row]
//
// as `indices` [Q, K] and `scores` [Q, K], by falling score; equal scores by rising index. With
// base_scale the inverse lengths of the base rows, a score divided by the query's length is the
// cosine; null stands for ones. A NaN score counts as minus infinity. 1 <= K <= N < 2^31.
//
// Blocked products (kernels/gemm) and partial selection: Q·N·D multiplications, and beyond the
// output 16 MB and 16 kB·K at most, whatever Q and N are.
void NearestNeighbors(const float* queries, int64_t q, const float* base, const float* base_scale,
                      int64_t n, int64_t d, int64_t k, int32_t* indices, float* scores);

}  // namespace pretext
