// Matrix products whose shapes change from call to call.
#pragma once

#include <cstdint>

#include "kernels/gemm/gemm.h"

namespace pretext {

// Gemm, but never by the library that generates code for every new shape
// (a fraction of a millisecond, and kept): for sequences of varying length
// and batches of varying numbers of masked tokens.
inline void VaryingGemm(Transpose trans_a, Transpose trans_b, int64_t m, int64_t n, int64_t k,
                        float alpha, const float* a, int64_t lda, const float* b, int64_t ldb,
                        float beta, float* c, int64_t ldc) {
  GemmLibrary library = ChooseGemmLibrary(trans_a, trans_b, m, n, k);
  if (library == GemmLibrary::kOnednnMatmul) library = GemmLibrary::kOnednnSgemm;
  GemmWith(library, trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

}  // namespace pretext
