// Single-precision matrix products, row-major, on raw pointers.
//
// Each call goes to the library that was measured to be faster for its shape (gemm.md has the rules
// and the figures): OpenBLAS for tiny products, oneDNN's sgemm or its matmul primitive for the
// rest. The choice depends on the arguments alone, so a program repeats bit for bit on one
// processor with one number of threads. The libraries split large products by the number of
// threads: a product called from inside an OpenMP region runs on the calling thread and gives the
// same bits whatever the number of threads.
//
// Matrices are row-major: element (i, j) of X is x[i * ldx + j]. NaN and infinities
// propagate. With beta = 0, C is only written (NaN in it does not matter).
// C must not overlap A or B. m, n or k may be 0.
#pragma once

#include <cstdint>

#include "kernels/activation/activation.h"

namespace pretext {

enum class Transpose { kNo, kYes };

// C[m×n] = alpha · op(A)[m×k] · op(B)[k×n] + beta · C.
// A is stored m×k (lda >= k), or k×m when transposed (lda >= m); B is k×n (ldb >= n), or n×k
// (ldb >= k); ldc >= n.
void Gemm(Transpose trans_a, Transpose trans_b, int64_t m, int64_t n, int64_t k, float alpha,
          const float* a, int64_t lda, const float* b, int64_t ldb, float beta, float* c,
          int64_t ldc);

// C[m×n] = activation(op(A) · op(B) + bias), bias[n] added to every row, may be null.
// Bias and activation are applied while the block of C is in the cache, but for ReLU, which is a
// pass of its own: the fused one loses NaN.
void GemmBiasActivation(Transpose trans_a, Transpose trans_b, int64_t m, int64_t n, int64_t k,
                        const float* a, int64_t lda, const float* b, int64_t ldb, const float* bias,
                        Activation activation, float* c, int64_t ldc);

// The library that Gemm takes for a shape.
enum class GemmLibrary { kOpenBlas, kOnednnSgemm, kOnednnMatmul };
GemmLibrary ChooseGemmLibrary(Transpose trans_a, Transpose trans_b, int64_t m, int64_t n,
                              int64_t k);

// Gemm by the library named, for measuring and tests.
void GemmWith(GemmLibrary library, Transpose trans_a, Transpose trans_b, int64_t m, int64_t n,
              int64_t k, float alpha, const float* a, int64_t lda, const float* b, int64_t ldb,
              float beta, float* c, int64_t ldc);

}  // namespace pretext
