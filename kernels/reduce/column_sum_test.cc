#include "kernels/reduce/column_sum.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>
#include <vector>

namespace pretext {
namespace {

std::vector<float> Values(int64_t n) {
  std::vector<float> x(static_cast<size_t>(n));
  for (int64_t i = 0; i < n; ++i) {
    x[static_cast<size_t>(i)] = std::sin(1.7f * static_cast<float>(i)) + 0.3f;
  }
  return x;
}

TEST(ColumnSum, AgreesWithDoubleAtEveryTail) {
  for (int64_t rows : {0, 1, 2, 255, 256, 257, 1000}) {
    for (int64_t columns : {1, 15, 16, 63, 64, 65, 130}) {
      const std::vector<float> x = Values(rows * columns);
      std::vector<float> sum(static_cast<size_t>(columns), 5.0f);
      for (bool accumulate : {false, true}) {
        ColumnSum(rows, columns, x.data(), accumulate, sum.data());
        for (int64_t c = 0; c < columns; ++c) {
          double expected = 0, magnitude = 1;
          for (int64_t r = 0; r < rows; ++r) {
            expected += x[static_cast<size_t>(r * columns + c)];
            magnitude += std::abs(x[static_cast<size_t>(r * columns + c)]);
          }
          if (accumulate) expected *= 2;
          // At most 256 + rows/256 roundings of 6e-8 each against the sum of magnitudes, in
          // practice their root.
          EXPECT_TRUE(std::abs(sum[static_cast<size_t>(c)] - expected) <= 2e-6 * magnitude)
              << rows << "×" << columns << " column " << c;
        }
      }
    }
  }
}

TEST(ColumnSum, SameBitsWhateverTheThreads) {
  const std::vector<float> x = Values(3000 * 200);
  std::vector<float> one(200), two(200);
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  ColumnSum(3000, 200, x.data(), false, one.data());
  omp_set_num_threads(3);
  ColumnSum(3000, 200, x.data(), false, two.data());
  omp_set_num_threads(threads);
  EXPECT_EQ(one, two);
}

}  // namespace
}  // namespace pretext
