#include "kernels/gather/gather.h"

#include <algorithm>

namespace pretext {
namespace {

constexpr int64_t kParallel = 65536;  // elements from which the threads are worth waking

}  // namespace

void GatherRows(int64_t count, int64_t columns, const int32_t* rows, const float* x, float* out) {
#pragma omp parallel for schedule(static) if (count * columns >= kParallel)
  for (int64_t i = 0; i < count; ++i)
    std::copy_n(x + rows[i] * columns, columns, out + i * columns);
}

void AddToRows(int64_t count, int64_t columns, const int32_t* rows, const float* in, float* x) {
#pragma omp parallel for schedule(static) if (count * columns >= kParallel)
  for (int64_t i = 0; i < count; ++i) {
    const float* from = in + i * columns;
    float* to = x + rows[i] * columns;
#pragma omp simd
    for (int64_t c = 0; c < columns; ++c) to[c] += from[c];
  }
}

}  // namespace pretext
