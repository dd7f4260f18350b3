// Matrix products of bfloat16, row-major, summed up in float32: by oneDNN's matmul primitive, on
// the processor's matrix units where it has them. Where it does not multiply bfloat16
// (kernels/onednn/has_bfloat16.h) they are products of float32, of the same rounded numbers.
//
// Each product of two elements is exact in float32 (eight bits of mantissa times eight), so beside
// the rounding of the factors to bfloat16 the error is that of a float32 product. As in gemm.h: NaN
// propagates, with beta = 0 C is only written, m, n or k may be 0, the same bits every time on one
// processor with one number of threads.
#pragma once

#include "kernels/bfloat16/bfloat16.h"
#include "kernels/gemm/gemm.h"

namespace pretext {

// C[m×n] = alpha · op(A)[m×k] · op(B)[k×n] + beta · C.
void Gemm(Transpose trans_a, Transpose trans_b, int64_t m, int64_t n, int64_t k, float alpha,
          const Bfloat16* a, int64_t lda, const Bfloat16* b, int64_t ldb, float beta, float* c,
          int64_t ldc);

// C[m×n] = activation(op(A) · op(B) + bias), bias[n] added to every row, may be null. k >= 1.
void GemmBiasActivation(Transpose trans_a, Transpose trans_b, int64_t m, int64_t n, int64_t k,
                        const Bfloat16* a, int64_t lda, const Bfloat16* b, int64_t ldb,
                        const float* bias, Activation activation, float* c, int64_t ldc);

// C[m×n] = op(A) · op(B) + bias, rounded to bfloat16. k >= 1.
void GemmBias(Transpose trans_a, Transpose trans_b, int64_t m, int64_t n, int64_t k,
              const Bfloat16* a, int64_t lda, const Bfloat16* b, int64_t ldb, const float* bias,
              Bfloat16* c, int64_t ldc);

}  // namespace pretext
