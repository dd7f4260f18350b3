#include "kernels/reduce/dot_product.h"

#include "base/parallel/parallel.h"

namespace pretext {
namespace {

constexpr int64_t kBlock = 1 << 14;

}  // namespace

double DotProduct(int64_t n, const float* a, const float* b) {
  return ParallelSum(n, kBlock, /*cost=*/1, [=](int64_t begin, int64_t end) {
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = begin; i < end; ++i) {
      sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    }
    return sum;
  });
}

}  // namespace pretext
