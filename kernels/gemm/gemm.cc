#include "kernels/gemm/gemm.h"

#include <cblas.h>
#include <dnnl.h>

#include "base/check/check.h"
#include "kernels/gemm/matmul_primitive.h"
#include "kernels/gemm/openblas_kernels.h"
#include "kernels/team/team.h"

namespace pretext {
namespace {

// Below this many multiply-adds OpenBLAS's small-matrix kernels win:
// they need no packing and no other thread.
constexpr int64_t kTinyProduct = 64 * 64 * 64;

CBLAS_TRANSPOSE Cblas(Transpose trans) {
  return trans == Transpose::kYes ? CblasTrans : CblasNoTrans;
}
char Letter(Transpose trans) { return trans == Transpose::kYes ? 'T' : 'N'; }

}  // namespace

GemmLibrary ChooseGemmLibrary(Transpose trans_a, Transpose trans_b, int64_t m, int64_t n,
                              int64_t k) {
  if (m * n * k <= kTinyProduct) return GemmLibrary::kOpenBlas;
  // sgemm is slower when both operands run along k in memory;
  // the primitive copies B into blocks first.
  const bool both_along_k = trans_a == Transpose::kNo && trans_b == Transpose::kYes;
  return both_along_k && m >= 16 ? GemmLibrary::kOnednnMatmul : GemmLibrary::kOnednnSgemm;
}

void GemmWith(GemmLibrary library, Transpose trans_a, Transpose trans_b, int64_t m, int64_t n,
              int64_t k, float alpha, const float* a, int64_t lda, const float* b, int64_t ldb,
              float beta, float* c, int64_t ldc) {
  if (m == 0 || n == 0) return;
  SettleTeam();
  // No terms: C = beta · C, which OpenBLAS does without reading A or B.
  if (k == 0) library = GemmLibrary::kOpenBlas;
  switch (library) {
    case GemmLibrary::kOpenBlas:
      EnsureOpenBlasKernels();
      cblas_sgemm(CblasRowMajor, Cblas(trans_a), Cblas(trans_b), m, n, k, alpha, a, lda, b, ldb,
                  beta, c, ldc);
      return;
    case GemmLibrary::kOnednnSgemm:
      PRETEXT_CHECK(dnnl_sgemm(Letter(trans_a), Letter(trans_b), m, n, k, alpha, a, lda, b, ldb,
                               beta, c, ldc) == dnnl_success,
                    "sgemm takes every valid shape");
      return;
    case GemmLibrary::kOnednnMatmul:
      if (gemm_internal::MatmulIsWrong(trans_a, m)) {
        return GemmWith(GemmLibrary::kOpenBlas, trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb,
                        beta, c, ldc);
      }
      gemm_internal::Matmul(trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, nullptr,
                            Activation::kIdentity, beta, c, ldc);
      return;
  }
}

void Gemm(Transpose trans_a, Transpose trans_b, int64_t m, int64_t n, int64_t k, float alpha,
          const float* a, int64_t lda, const float* b, int64_t ldb, float beta, float* c,
          int64_t ldc) {
  GemmWith(ChooseGemmLibrary(trans_a, trans_b, m, n, k), trans_a, trans_b, m, n, k, alpha, a, lda,
           b, ldb, beta, c, ldc);
}

void GemmBiasActivation(Transpose trans_a, Transpose trans_b, int64_t m, int64_t n, int64_t k,
                        const float* a, int64_t lda, const float* b, int64_t ldb, const float* bias,
                        Activation activation, float* c, int64_t ldc) {
  PRETEXT_CHECK(k >= 1, "a fused product has terms");
  if (m == 0 || n == 0) return;
  if (!gemm_internal::Fuses(activation)) {  // a pass of our own
    GemmBiasActivation(trans_a, trans_b, m, n, k, a, lda, b, ldb, bias, Activation::kIdentity, c,
                       ldc);
    if (ldc == n) return ActivationForward(activation, m * n, c, c);
    for (int64_t i = 0; i < m; ++i) ActivationForward(activation, n, c + i * ldc, c + i * ldc);
    return;
  }
  if (bias == nullptr && activation == Activation::kIdentity) {
    Gemm(trans_a, trans_b, m, n, k, 1.0f, a, lda, b, ldb, 0.0f, c, ldc);
    return;
  }
  if (gemm_internal::MatmulIsWrong(trans_a, m)) {
    Gemm(trans_a, trans_b, m, n, k, 1.0f, a, lda, b, ldb, 0.0f, c, ldc);
    if (bias == nullptr) return ActivationForward(activation, n, c, c);
    return BiasActivationForward(activation, 1, n, c, bias, nullptr, c);
  }
  gemm_internal::Matmul(trans_a, trans_b, m, n, k, 1.0f, a, lda, b, ldb, bias, activation, 0.0f, c,
                        ldc);
}

}  // namespace pretext
