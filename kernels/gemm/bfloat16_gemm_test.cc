#include "kernels/gemm/bfloat16_gemm.h"

#include <gtest/gtest.h>

#include <cfloat>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "kernels/activation/activation_reference.h"
#include "kernels/gemm/gemm_reference.h"

namespace pretext {
namespace {

constexpr Transpose kNo = Transpose::kNo, kYes = Transpose::kYes;
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// Factors that are bfloat16 already, beside the same in float32.
struct Factor {
  std::vector<float> wide;
  std::vector<Bfloat16> narrow;

  Factor(int64_t count, uint32_t seed) : wide(count), narrow(count) {
    std::mt19937 generator(seed);
    std::uniform_real_distribution<float> uniform(-1, 1);
    for (int64_t i = 0; i < count; ++i) {
      narrow[i] = ToBfloat16(uniform(generator));
      wide[i] = ToFloat(narrow[i]);
    }
  }
};

struct Case {
  int64_t m, n, k, pad;
};
const Case kCases[] = {{1, 1, 1, 0},   {1, 40, 33, 0},   {17, 1, 20, 1},     {2, 3, 5, 0},
                       {33, 31, 7, 3}, {64, 64, 64, 0},  {150, 170, 401, 2}, {37, 10, 784, 0},
                       {5, 300, 1, 0}, {128, 512, 96, 0}};

// The products are exact, so the bound is that of a float32 product: the factors' rounding to
// bfloat16, 2^-8, would be far outside.
template <class Check>
void ForEachProblem(const Check& check) {
  for (const Case& c : kCases) {
    for (Transpose ta : {kNo, kYes}) {
      for (Transpose tb : {kNo, kYes}) {
        const int64_t lda = (ta == kYes ? c.m : c.k) + c.pad,
                      ldb = (tb == kYes ? c.k : c.n) + c.pad;
        const Factor a((ta == kYes ? c.k : c.m) * lda, 1), b((tb == kYes ? c.n : c.k) * ldb, 2);
        SCOPED_TRACE(std::to_string(c.m) + "x" + std::to_string(c.n) + "x" + std::to_string(c.k) +
                     (ta == kYes ? "T" : "N") + (tb == kYes ? "T" : "N"));
        check(c, ta, tb, a, lda, b, ldb);
      }
    }
  }
}

TEST(Bfloat16Gemm, MatchesTheProductOfTheRoundedFactors) {
  ForEachProblem([](const Case& s, Transpose ta, Transpose tb, const Factor& a, int64_t lda,
                    const Factor& b, int64_t ldb) {
    for (const float beta : {0.0f, 1.0f}) {
      for (const float alpha : {1.0f, 0.5f}) {
        const int64_t ldc = s.n + s.pad;
        std::vector<float> c(s.m * ldc, beta == 0 ? kNan : 0.25f);
        const ReferenceProduct want = GemmReference(ta, tb, s.m, s.n, s.k, alpha, a.wide.data(),
                                                    lda, b.wide.data(), ldb, beta, c.data(), ldc);
        Gemm(ta, tb, s.m, s.n, s.k, alpha, a.narrow.data(), lda, b.narrow.data(), ldb, beta,
             c.data(), ldc);
        for (int64_t i = 0; i < s.m * s.n; ++i) {
          const double got = c[i / s.n * ldc + i % s.n];
          ASSERT_FALSE(!(std::abs(got - want.value[i]) <=
                         (static_cast<double>(s.k) + 2) * FLT_EPSILON * want.scale[i]))
              << i << " alpha " << alpha << " beta " << beta;
        }
      }
    }
  });
}

TEST(Bfloat16Gemm, BiasActivationAndRoundedResult) {
  ForEachProblem([](const Case& s, Transpose ta, Transpose tb, const Factor& a, int64_t lda,
                    const Factor& b, int64_t ldb) {
    const Factor bias(s.n, 3);
    const ReferenceProduct want = GemmReference(ta, tb, s.m, s.n, s.k, 1, a.wide.data(), lda,
                                                b.wide.data(), ldb, 0, nullptr, s.n);
    for (Activation activation : kActivations) {
      std::vector<float> c(s.m * s.n, kNan);
      GemmBiasActivation(ta, tb, s.m, s.n, s.k, a.narrow.data(), lda, b.narrow.data(), ldb,
                         bias.wide.data(), activation, c.data(), s.n);
      for (int64_t i = 0; i < s.m * s.n; ++i) {
        const double x = want.value[i] + bias.wide[i % s.n];
        const double error = (static_cast<double>(s.k) + 3) * FLT_EPSILON * (want.scale[i] + 1);
        // Slopes are at most 1.2; oneDNN's own polynomials err by 1e-5 (gemm_test.cc).
        ASSERT_FALSE(!(std::abs(c[i] - ExactActivation(activation, x)) <= 1.2 * error + 1e-5))
            << i << " " << ActivationName(activation);
      }
    }
    const int64_t ldc = s.n + 3;
    const Bfloat16 untouched = ToBfloat16(7.0f);
    std::vector<Bfloat16> narrow(s.m * ldc, untouched);
    GemmBias(ta, tb, s.m, s.n, s.k, a.narrow.data(), lda, b.narrow.data(), ldb, bias.wide.data(),
             narrow.data(), ldc);
    for (int64_t i = 0; i < s.m * ldc; ++i) {
      const int64_t row = i / ldc, column = i % ldc;
      const double got = ToFloat(narrow[i]);
      if (column >= s.n) {
        ASSERT_EQ(got, ToFloat(untouched)) << i;
        continue;
      }
      const double x = want.value[row * s.n + column] + bias.wide[column];
      const double error =
          (static_cast<double>(s.k) + 3) * FLT_EPSILON * (want.scale[row * s.n + column] + 1);
      ASSERT_FALSE(!(std::abs(got - x) <= kBfloat16Rounding * std::abs(x) + 2 * error)) << i;
    }
  });
}

TEST(Bfloat16Gemm, WithoutTermsScalesWhatIsThere) {
  std::vector<float> c = {1, 2, 3, 4};
  const Bfloat16 nothing{};
  Gemm(kNo, kNo, 2, 2, 0, 1, &nothing, 1, &nothing, 2, 1, c.data(), 2);
  EXPECT_EQ(c, (std::vector<float>{1, 2, 3, 4}));
  Gemm(kNo, kNo, 2, 2, 0, 1, &nothing, 1, &nothing, 2, 0, c.data(), 2);
  EXPECT_EQ(c, (std::vector<float>{0, 0, 0, 0}));
  // Nothing is read of factors that have no terms.
  std::vector<float> wide(6, 2);
  const Bfloat16* const none = nullptr;
  Gemm(kNo, kNo, 3, 2, 0, 1, none, 1, none, 2, 1, wide.data(), 2);
  EXPECT_EQ(wide, std::vector<float>(6, 2));
}

TEST(Bfloat16Gemm, NanPropagatesAndTheBitsRepeat) {
  constexpr int64_t kSize = 70;
  Factor a(kSize * kSize, 1), b(kSize * kSize, 2);
  a.narrow[3 * kSize + 5] = ToBfloat16(kNan);
  std::vector<float> first(kSize * kSize), again(kSize * kSize);
  for (std::vector<float>* c : {&first, &again}) {
    Gemm(kNo, kYes, kSize, kSize, kSize, 1, a.narrow.data(), kSize, b.narrow.data(), kSize, 0,
         c->data(), kSize);
  }
  for (int64_t i = 0; i < kSize * kSize; ++i) {
    EXPECT_EQ(std::isnan(first[i]), i / kSize == 3) << i;
    if (i / kSize != 3) {
      EXPECT_EQ(first[i], again[i]);
    }
  }
}

}  // namespace
}  // namespace pretext
