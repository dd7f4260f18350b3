// Dot products of long vectors: norms of weights and gradients.
#pragma once

#include <cstdint>

namespace pretext {

// Σ a_i b_i in double, over fixed blocks added in order: the same bits whatever the number of
// threads. NaN and infinities propagate.
double DotProduct(int64_t n, const float* a, const float* b);

// The same of short ones, of rows: by one thread.
inline double RowDot(int64_t n, const float* a, const float* b) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < n; ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

}  // namespace pretext
