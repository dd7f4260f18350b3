#include "kernels/gemm/gemm.h"

#include <gtest/gtest.h>

#include <cfloat>
#include <limits>
#include <random>
#include <string>

#include "kernels/activation/activation_reference.h"
#include "kernels/gemm/gemm_reference.h"

namespace pretext {
namespace {

constexpr Transpose kNo = Transpose::kNo, kYes = Transpose::kYes;

std::vector<float> RandomValues(int64_t count, uint32_t seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> values(count);
  for (float& v : values) v = uniform(generator);
  return values;
}

struct Problem {
  Transpose trans_a, trans_b;
  int64_t m, n, k;
  float alpha, beta;
  int64_t lda, ldb, ldc;
  std::vector<float> a, b, c;

  // pad: how much wider than the matrix its storage is.
  Problem(Transpose ta, Transpose tb, int64_t m, int64_t n, int64_t k, float alpha, float beta,
          int64_t pad)
      : trans_a(ta),
        trans_b(tb),
        m(m),
        n(n),
        k(k),
        alpha(alpha),
        beta(beta),
        lda((ta == kYes ? m : k) + pad),
        ldb((tb == kYes ? k : n) + 2 * pad),
        ldc(n + 3 * pad),
        a(RandomValues((ta == kYes ? k : m) * lda, 1)),
        b(RandomValues((tb == kYes ? n : k) * ldb, 2)),
        c(RandomValues(m * ldc, 3)) {}

  ReferenceProduct Reference() const {
    return GemmReference(trans_a, trans_b, m, n, k, alpha, a.data(), lda, b.data(), ldb, beta,
                         c.data(), ldc);
  }
  std::string Name() const {
    return std::string(trans_a == kYes ? "T" : "N") + (trans_b == kYes ? "T" : "N") +
           " m=" + std::to_string(m) + " n=" + std::to_string(n) + " k=" + std::to_string(k) +
           " alpha=" + std::to_string(alpha) + " beta=" + std::to_string(beta) +
           " ldc=" + std::to_string(ldc);
  }
};

// Empty if `out` is the reference's product and the padding of C is untouched.
std::string Mismatch(const Problem& p, const ReferenceProduct& reference,
                     const std::vector<float>& out) {
  for (int64_t i = 0; i < p.m; ++i) {
    for (int64_t j = 0; j < p.ldc; ++j) {
      const float got = out[i * p.ldc + j];
      if (j >= p.n) {
        if (got != p.c[i * p.ldc + j]) return p.Name() + ": wrote beside the matrix";
        continue;
      }
      const double want = reference.value[i * p.n + j];
      const double bound = (p.k + 2) * FLT_EPSILON * reference.scale[i * p.n + j];
      if (!(std::abs(got - want) <= bound)) {
        return p.Name() + " at " + std::to_string(i) + "," + std::to_string(j) + ": " +
               std::to_string(got) + " instead of " + std::to_string(want);
      }
    }
  }
  return "";
}

std::string CheckLibrary(GemmLibrary library, const Problem& p) {
  std::vector<float> out = p.c;
  GemmWith(library, p.trans_a, p.trans_b, p.m, p.n, p.k, p.alpha, p.a.data(), p.lda, p.b.data(),
           p.ldb, p.beta, out.data(), p.ldc);
  return Mismatch(p, p.Reference(), out);
}

TEST(GemmTest, EveryLibraryAtRaggedSizesTransposesScalesAndStrides) {
  const int64_t sizes[] = {1, 2, 3, 7, 16, 17, 33, 65};
  for (GemmLibrary library :
       {GemmLibrary::kOpenBlas, GemmLibrary::kOnednnSgemm, GemmLibrary::kOnednnMatmul}) {
    for (Transpose ta : {kNo, kYes}) {
      for (Transpose tb : {kNo, kYes}) {
        int variant = 0;
        for (int64_t m : sizes) {
          for (int64_t n : sizes) {
            // k and the scales go round so that each size meets several of them.
            const int64_t k = sizes[(variant * 5 + 3) % 8];
            const float alpha = variant % 3 == 0 ? 1.0f : -0.7f;
            const float beta = variant % 4 == 0 ? 0.0f : variant % 4 == 1 ? 1.0f : 0.3f;
            const Problem p(ta, tb, m, n, k, alpha, beta, /*pad=*/variant % 2 * 5);
            EXPECT_EQ(CheckLibrary(library, p), "") << "library " << static_cast<int>(library);
            ++variant;
          }
        }
      }
    }
  }
}

TEST(GemmTest, ChosenLibraryAtTrainingShapes) {
  for (Transpose ta : {kNo, kYes}) {
    for (Transpose tb : {kNo, kYes}) {
      for (auto [m, n, k] : {std::array<int64_t, 3>{128, 96, 784},
                             {13, 300, 257},
                             {257, 129, 31},
                             {1, 512, 784},
                             {512, 1, 600},
                             {32, 256, 128}}) {
        const Problem p(ta, tb, m, n, k, 1.0f, 0.0f, 0);
        std::vector<float> out = p.c;
        Gemm(ta, tb, m, n, k, 1.0f, p.a.data(), p.lda, p.b.data(), p.ldb, 0.0f, out.data(), p.ldc);
        EXPECT_EQ(Mismatch(p, p.Reference(), out), "");
      }
    }
  }
}

TEST(GemmTest, ComparatorSeesAFault) {
  const Problem p(kNo, kNo, 5, 6, 40, 1.0f, 0.0f, 1);
  std::vector<float> out = p.c;
  Gemm(kNo, kNo, 5, 6, 40, 1.0f, p.a.data(), p.lda, p.b.data(), p.ldb, 0.0f, out.data(), p.ldc);
  ASSERT_EQ(Mismatch(p, p.Reference(), out), "");
  std::vector<float> wrong = out;
  wrong[7] += 1e-3f;  // a missing term is about this large
  EXPECT_NE(Mismatch(p, p.Reference(), wrong), "");
  wrong = out;
  wrong[7] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_NE(Mismatch(p, p.Reference(), wrong), "");
  wrong = out;
  wrong[6] += 1;  // ldc is 9: beside the matrix
  EXPECT_NE(Mismatch(p, p.Reference(), wrong), "");
}

TEST(GemmTest, NoTermsScalesC) {
  std::vector<float> c = {1, 2, 3, 4};
  Gemm(kNo, kNo, 2, 2, 0, 1.0f, nullptr, 1, nullptr, 2, 0.5f, c.data(), 2);
  EXPECT_EQ(c, (std::vector<float>{0.5f, 1, 1.5f, 2}));
  Gemm(kNo, kNo, 2, 2, 0, 1.0f, nullptr, 1, nullptr, 2, 0.0f, c.data(), 2);
  EXPECT_EQ(c, (std::vector<float>{0, 0, 0, 0}));
  Gemm(kNo, kNo, 0, 2, 3, 1.0f, nullptr, 3, c.data(), 2, 0.0f, nullptr,
       2);  // no rows: nothing to do
}

TEST(GemmTest, NanPropagatesButNotFromAnUnreadC) {
  for (int64_t size : {8, 96}) {
    for (Transpose tb : {kNo, kYes}) {
      const float nan = std::numeric_limits<float>::quiet_NaN();
      std::vector<float> a(size * size, 1.0f), b(size * size, 1.0f), c(size * size, nan);
      Gemm(kNo, tb, size, size, size, 1.0f, a.data(), size, b.data(), size, 0.0f, c.data(), size);
      EXPECT_EQ(c[size + 1], static_cast<float>(size));
      a[size] = nan;  // row 1
      Gemm(kNo, tb, size, size, size, 1.0f, a.data(), size, b.data(), size, 0.0f, c.data(), size);
      EXPECT_TRUE(std::isnan(c[size + 1]));
      EXPECT_EQ(c[0], static_cast<float>(size));
    }
  }
}

TEST(GemmBiasActivationTest, EveryActivationWithAndWithoutBias) {
  for (Activation activation : kActivations) {
    for (Transpose tb : {kNo, kYes}) {
      for (auto [m, n, k] : {std::array<int64_t, 3>{1, 1, 1}, {5, 17, 33}, {70, 130, 65}}) {
        for (bool with_bias : {false, true}) {
          const Problem p(kNo, tb, m, n, k, 1.0f, 0.0f, 3);
          const std::vector<float> bias = RandomValues(n, 4);
          std::vector<float> out = p.c;
          GemmBiasActivation(kNo, tb, m, n, k, p.a.data(), p.lda, p.b.data(), p.ldb,
                             with_bias ? bias.data() : nullptr, activation, out.data(), p.ldc);
          ReferenceProduct reference = p.Reference();
          const bool exact = activation == Activation::kIdentity || activation == Activation::kRelu;
          for (int64_t i = 0; i < m * n; ++i) {
            const double b = with_bias ? bias[i % n] : 0.0;
            reference.value[i] = ExactActivation(activation, reference.value[i] + b);
            // No activation here is steeper than 1.13; oneDNN's own approximations of erf, tanh and
            // exp are good to about 1e-6 of a unit range.
            const double approximation = exact ? 0.0 : 4e-6;
            reference.scale[i] =
                1.13 * (reference.scale[i] + std::abs(b)) + approximation / ((k + 2) * FLT_EPSILON);
          }
          EXPECT_EQ(Mismatch(p, reference, out), "") << ActivationName(activation);
        }
      }
    }
  }
}

// A hidden NaN would let a training go on from a broken model.
TEST(GemmBiasActivationTest, NanPropagatesThroughEveryActivation) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (Activation activation : kActivations) {
    for (int64_t size : {1, 3, 17, 70}) {
      const auto elements = static_cast<size_t>(size * size);
      std::vector<float> a(elements, 0.5f), b(elements, 0.5f), c(elements, 0.0f);
      const std::vector<float> bias(static_cast<size_t>(size), -0.25f);
      a[0] = nan;  // row 0
      GemmBiasActivation(kNo, kYes, size, size, size, a.data(), size, b.data(), size, bias.data(),
                         activation, c.data(), size);
      for (int64_t i = 0; i < size * size; ++i) {
        EXPECT_EQ(std::isnan(c[static_cast<size_t>(i)]), i < size)
            << ActivationName(activation) << ", size " << size << ", " << i;
      }
    }
  }
}

TEST(GemmTest, RepeatsBitForBit) {
  const Problem p(kNo, kNo, 150, 170, 400, 1.0f, 0.0f, 0);
  std::vector<float> first(p.c.size()), again(p.c.size());
  for (std::vector<float>* out : {&first, &again}) {
    Gemm(kNo, kNo, p.m, p.n, p.k, 1.0f, p.a.data(), p.lda, p.b.data(), p.ldb, 0.0f, out->data(),
         p.ldc);
  }
  EXPECT_EQ(first, again);
}

}  // namespace
}  // namespace pretext
