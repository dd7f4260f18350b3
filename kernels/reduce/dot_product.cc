#include "kernels/reduce/dot_product.h"

#include <algorithm>
#include <vector>

namespace pretext {
namespace {

constexpr int64_t kBlock = 1 << 14;

}  // namespace

double DotProduct(int64_t n, const float* a, const float* b) {
  const int64_t blocks = (n + kBlock - 1) / kBlock;
  std::vector<double> sums(static_cast<size_t>(blocks));
#pragma omp parallel for schedule(static) if (blocks > 4)
  for (int64_t block = 0; block < blocks; ++block) {
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = block * kBlock; i < std::min(n, (block + 1) * kBlock); ++i) {
      sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    }
    sums[static_cast<size_t>(block)] = sum;
  }
  double total = 0;
  for (double s : sums) total += s;
  return total;
}

}  // namespace pretext
