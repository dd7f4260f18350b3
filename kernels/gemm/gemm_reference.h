// The naive product in double precision and its error bound, for tests.
#pragma once

#include <cmath>
#include <vector>

#include "kernels/gemm/gemm.h"

namespace pretext {

struct ReferenceProduct {
  std::vector<double> value;  // m×n, dense: alpha · op(A) · op(B) + beta · C
  // m×n: |alpha| · |op(A)| · |op(B)| + |beta| · |C|. A single-precision result in any order of
  // summation lies within (k + 2) · eps · scale of the value (Higham, Accuracy and Stability,
  // section 3.5).
  std::vector<double> scale;
};

inline ReferenceProduct GemmReference(Transpose trans_a, Transpose trans_b, int64_t m, int64_t n,
                                      int64_t k, float alpha, const float* a, int64_t lda,
                                      const float* b, int64_t ldb, float beta, const float* c,
                                      int64_t ldc) {
  ReferenceProduct result{std::vector<double>(m * n), std::vector<double>(m * n)};
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      double sum = 0, scale = 0;
      for (int64_t l = 0; l < k; ++l) {
        const double x = trans_a == Transpose::kYes ? a[l * lda + i] : a[i * lda + l];
        const double y = trans_b == Transpose::kYes ? b[j * ldb + l] : b[l * ldb + j];
        sum += x * y;
        scale += std::abs(x * y);
      }
      // beta = 0 means that C is not read.
      const double old = beta == 0 ? 0.0 : beta * static_cast<double>(c[i * ldc + j]);
      result.value[i * n + j] = alpha * sum + old;
      result.scale[i * n + j] = std::abs(alpha) * scale + std::abs(old);
    }
  }
  return result;
}

}  // namespace pretext
