#include "kernels/gemm/bfloat16_gemm.h"

#include <vector>

#include "base/check/check.h"
#include "kernels/gemm/matmul_primitive.h"
#include "kernels/onednn/has_bfloat16.h"
#include "kernels/team/team.h"

namespace pretext {
namespace {

// The factors in float32, for products that the primitive does not do: a processor without
// bfloat16, and a few shapes.
struct Wide {
  Wide(Transpose trans_a, Transpose trans_b, int64_t m, int64_t n, int64_t k, const Bfloat16* a,
       int64_t lda, const Bfloat16* b, int64_t ldb)
      : a(Widened(trans_a, m, k, lda, a)), b(Widened(trans_b, k, n, ldb, b)) {}

  static std::vector<float> Widened(Transpose trans, int64_t rows, int64_t columns, int64_t ld,
                                    const Bfloat16* x) {
    const int64_t lines = trans == Transpose::kYes ? columns : rows;
    const int64_t width = trans == Transpose::kYes ? rows : columns;
    const int64_t size = lines == 0 || width == 0 ? 0 : (lines - 1) * ld + width;
    std::vector<float> wide(static_cast<size_t>(size));
    ToFloat(size, x, wide.data());
    return wide;
  }

  std::vector<float> a, b;
};

bool IsWidened(Transpose trans_a, int64_t m, int64_t n, int64_t k, int64_t ldc) {
  static const bool has_bfloat16 = HasBfloat16();
  return !has_bfloat16 || k == 0 || gemm_internal::MatmulIsWrong(trans_a, m) ||
         gemm_internal::Bfloat16MatmulIsWrong(n, ldc);
}

}  // namespace

void Gemm(Transpose trans_a, Transpose trans_b, int64_t m, int64_t n, int64_t k, float alpha,
          const Bfloat16* a, int64_t lda, const Bfloat16* b, int64_t ldb, float beta, float* c,
          int64_t ldc) {
  if (m == 0 || n == 0) return;
  if (IsWidened(trans_a, m, n, k, ldc)) {
    const Wide wide(trans_a, trans_b, m, n, k, a, lda, b, ldb);
    return Gemm(trans_a, trans_b, m, n, k, alpha, wide.a.data(), lda, wide.b.data(), ldb, beta, c,
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
  if (IsWidened(trans_a, m, n, k, ldc)) {
    const Wide wide(trans_a, trans_b, m, n, k, a, lda, b, ldb);
    return GemmBiasActivation(trans_a, trans_b, m, n, k, wide.a.data(), lda, wide.b.data(), ldb,
                              bias, activation, c, ldc);
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
  if (m == 0 || n == 0) return;
  if (IsWidened(trans_a, m, n, k, ldc)) {
    const Wide wide(trans_a, trans_b, m, n, k, a, lda, b, ldb);
    std::vector<float> product(static_cast<size_t>(m * n));
    GemmBiasActivation(trans_a, trans_b, m, n, k, wide.a.data(), lda, wide.b.data(), ldb, bias,
                       Activation::kIdentity, product.data(), n);
    for (int64_t i = 0; i < m; ++i) ToBfloat16(n, product.data() + i * n, c + i * ldc);
    return;
  }
  SettleTeam();
  gemm_internal::Matmul(trans_a, trans_b, m, n, k, 1.0f, a, lda, b, ldb, bias,
                        Activation::kIdentity, 0.0f, c, ldc);
}

}  // namespace pretext
