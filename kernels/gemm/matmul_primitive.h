// oneDNN's matmul primitive with its post-operations, cached by shape. Internal to the package.
#pragma once

#include "kernels/bfloat16/bfloat16.h"
#include "kernels/gemm/gemm.h"

namespace pretext::gemm_internal {

// oneDNN 3.7 takes the column of an A that is transposed and gives one row (m = 1) for a row: its
// product is wrong where the column's elements do not lie side by side. BLAS does these products,
// and those of bfloat16 with a C of one column whose elements do not.
constexpr bool MatmulIsWrong(Transpose trans_a, int64_t m) {
  return m == 1 && trans_a == Transpose::kYes;
}
constexpr bool Bfloat16MatmulIsWrong(int64_t n, int64_t ldc) { return n == 1 && ldc > 1; }

// Whether oneDNN applies the function as it writes the product; its ReLU turns NaN into 0.
bool Fuses(Activation activation);

// C = activation(alpha · op(A) · op(B) + bias) + beta · C. m, n, k >= 1; bias may be null;
// an activation that it fuses, with alpha = 1 and beta = 0 only. All float32; or A and B bfloat16
// and C float32 or bfloat16: sums are in float32.
template <class Factor, class Product>
void Matmul(Transpose trans_a, Transpose trans_b, int64_t m, int64_t n, int64_t k, float alpha,
            const Factor* a, int64_t lda, const Factor* b, int64_t ldb, const float* bias,
            Activation activation, float beta, Product* c, int64_t ldc);

}  // namespace pretext::gemm_internal
