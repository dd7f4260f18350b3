#include "kernels/reduce/dot_product.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>
#include <limits>
#include <vector>

namespace pretext {
namespace {

TEST(DotProduct, AgreesWithALoopAtEveryTailAndNumberOfThreads) {
  const int threads = omp_get_max_threads();
  for (int64_t n : {0, 1, 7, 8, 9, 16383, 16384, 16385, 100000}) {
    std::vector<float> a(static_cast<size_t>(n)), b(a.size());
    double expected = 0, magnitude = 0;
    for (size_t i = 0; i < a.size(); ++i) {
      a[i] = std::sin(static_cast<float>(i));
      b[i] = std::cos(0.5f * static_cast<float>(i)) + 0.1f;
      expected += static_cast<double>(a[i]) * b[i];
      magnitude += std::abs(static_cast<double>(a[i]) * b[i]);
    }
    omp_set_num_threads(1);
    const double one = DotProduct(n, a.data(), b.data());
    omp_set_num_threads(3);
    EXPECT_EQ(DotProduct(n, a.data(), b.data()), one);
    // Products of floats are exact in double; a sum of n terms rounds n times at 1e-16.
    EXPECT_TRUE(std::abs(one - expected) <= 1e-11 * magnitude) << n;
  }
  omp_set_num_threads(threads);
}

TEST(DotProduct, NaNPropagates) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(std::isnan(DotProduct(1, &nan, &nan)));
}

}  // namespace
}  // namespace pretext
