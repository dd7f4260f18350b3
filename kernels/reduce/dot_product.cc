#include "kernels/reduce/dot_product.h"

#include "base/parallel/parallel.h"

namespace pretext {
namespace {

constexpr int64_t kBlock = 1 << 14;

}  // namespace

double DotProduct(int64_t n, const float* a, const float* b) {
  return ParallelSum(n, kBlock, /*cost=*/1, [=](int64_t begin, int64_t end) {
    double sum = 0;
    const float *const x = a, *const y = b;  // GCC 12 makes no vectors of what a lambda holds
#pragma omp simd reduction(+ : sum)
    for (int64_t i = begin; i < end; ++i) {
      sum += static_cast<double>(x[i]) * static_cast<double>(y[i]);
    }
    return sum;
  });
}

}  // namespace pretext
