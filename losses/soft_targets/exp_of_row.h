// The parts of a softmax of one row. NaN goes on into the sum.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/vector_math/vector_math.h"

namespace pretext {

inline float LargestOf(int64_t n, const float* row, float at_least) {
  float most = at_least;
#pragma omp simd reduction(max : most)
  for (int64_t i = 0; i < n; ++i) most = std::max(most, row[i]);
  return most;
}

// row_i becomes exp(row_i - most); gives their sum.
inline double ExpOfRow(int64_t n, float most, float* row) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < n; ++i) {
    row[i] = Exp(row[i] - most);
    sum += row[i];
  }
  return sum;
}

inline void ScaleRow(int64_t n, float factor, float* row) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) row[i] *= factor;
}

}  // namespace pretext
