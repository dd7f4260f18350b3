#include "kernels/gemm/openblas_kernels.h"

#include <cblas.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <vector>

namespace pretext {
namespace {

float ProductEntry() {
  const int size = 70;
  std::vector<float> a(size * size, 0.5f), b(size * size, 2.0f), c(size * size);
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, size, size, size, 1.0f, a.data(), size,
              b.data(), size, 0.0f, c.data(), size);
  return c[size * size - 1];
}

TEST(OpenBlasKernelsTest, IsTheOpenMpBuild) { EXPECT_EQ(openblas_get_parallel(), OPENBLAS_OPENMP); }

TEST(OpenBlasKernelsTest, EnsureTakesAvx512WhereTheProcessorHasIt) {
  const bool chosen_by_user = getenv("OPENBLAS_CORETYPE") != nullptr;
  EnsureOpenBlasKernels();
  EXPECT_EQ(ProductEntry(), 70.0f);
  if (__builtin_cpu_supports("avx512vl") && !chosen_by_user) {
    EXPECT_TRUE(IsAvx512Kernel(OpenBlasKernels())) << OpenBlasKernels();
  }
}

// What happens on a processor that this version of OpenBLAS does not know:
// it starts on AVX2 kernels.
TEST(OpenBlasKernelsTest, ReselectsAndComputesTheSame) {
  const std::string before = OpenBlasKernels();
  ASSERT_TRUE(ReselectOpenBlasKernels("Haswell"));
  EXPECT_FALSE(IsAvx512Kernel(OpenBlasKernels()));
  EXPECT_EQ(ProductEntry(), 70.0f);
  ASSERT_TRUE(ReselectOpenBlasKernels(before));
  EXPECT_EQ(OpenBlasKernels(), before);
  EXPECT_EQ(ProductEntry(), 70.0f);
}

}  // namespace
}  // namespace pretext
