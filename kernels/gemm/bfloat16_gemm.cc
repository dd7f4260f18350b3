#include "kernels/gemm/bfloat16_gemm.h"

#include <vector>

#include "base/check/check.h"
#include "kernels/gemm/matmul_primitive.h"
#include "kernels/team/team.h"

namespace pretext {
namespace {

// A factor in float32, for the few products that the primitive does not do.
std::vector<float> Wide(Transpose trans, int64_t rows, int64_t columns, int64_t ld,
                        const Bfloat16* x) {
  const int64_t lines = trans == Transpose::kYes ? columns : rows;
  const int64_t width = trans == Transpose::kYes ? rows : columns;
  const int64_t size = lines == 0 ? 0 : (lines - 1) * ld + width;
  std::vector<float> wide(static_cast<size_t>(size));
  ToFloat(size, x, wide.data());
  return wide;
}

}  // namespace

void Gemm(Transpose trans_a, Transpose trans_b, int64_t m, int64_t n, int64_t k, float alpha,
          const Bfloat16* a, int64_t lda, const Bfloat16* b, int64_t ldb, float beta, float* c,
          int64_t ldc) {
  if (m == 0 || n == 0) return;
  if (k == 0 || gemm_internal::MatmulIsWrong(trans_a, m)) {
    const std::vector<float> left = Wide(trans_a, m, k, lda, a),
                             right = Wide(trans_b, k, n, ldb, b);
    return Gemm(trans_a, trans_b, m, n, k, alpha, left.data(), lda, right.data(), ldb, beta, c,
                ldc);
  }
  SettleTeam();
  gemm_internal::Matmul(trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, nullptr,
                        Activation::kIdentity, beta, c, ldc);
}

void GemmBiasActivation(Transpose trans_a, Transpose trans_b, int64_t m, int64_t n, int64_t k,
                        const Bfloat16* a, int64_t lda, const Bfloat16* b, int64_t ldb,
                        const float* bias, Activation activation, float* c, int64_t ldc) {
  PRETEXT_CHECK(k >= 1, "a fused product has terms");
  if (m == 0 || n == 0) return;
  if (gemm_internal::MatmulIsWrong(trans_a, m)) {
    const std::vector<float> left = Wide(trans_a, m, k, lda, a),
                             right = Wide(trans_b, k, n, ldb, b);
    return GemmBiasActivation(trans_a, trans_b, m, n, k, left.data(), lda, right.data(), ldb, bias,
                              activation, c, ldc);
  }
  SettleTeam();
  const bool fuses = gemm_internal::Fuses(activation);
  gemm_internal::Matmul(trans_a, trans_b, m, n, k, 1.0f, a, lda, b, ldb, bias,
                        fuses ? activation : Activation::kIdentity, 0.0f, c, ldc);
  if (fuses) return;
  if (ldc == n) return ActivationForward(activation, m * n, c, c);
  for (int64_t i = 0; i < m; ++i) ActivationForward(activation, n, c + i * ldc, c + i * ldc);
}

void GemmBias(Transpose trans_a, Transpose trans_b, int64_t m, int64_t n, int64_t k,
              const Bfloat16* a, int64_t lda, const Bfloat16* b, int64_t ldb, const float* bias,
              Bfloat16* c, int64_t ldc) {
  PRETEXT_CHECK(k >= 1, "a fused product has terms");
  PRETEXT_CHECK(!gemm_internal::MatmulIsWrong(trans_a, m), "a product of more than one row");
  if (m == 0 || n == 0) return;
  SettleTeam();
  gemm_internal::Matmul(trans_a, trans_b, m, n, k, 1.0f, a, lda, b, ldb, bias,
                        Activation::kIdentity, 0.0f, c, ldc);
}

}  // namespace pretext
