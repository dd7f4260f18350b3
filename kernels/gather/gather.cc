#include "kernels/gather/gather.h"

#include <algorithm>

#include "base/parallel/parallel.h"

namespace pretext {

void GatherRows(int64_t count, int64_t columns, const int32_t* rows, const float* x, float* out) {
  ParallelFor(count, columns,
              [&](int64_t i) { std::copy_n(x + rows[i] * columns, columns, out + i * columns); });
}

void AddToRows(int64_t count, int64_t columns, const int32_t* rows, const float* in, float* x) {
  ParallelFor(count, columns, [&](int64_t i) {
    const float* from = in + i * columns;
    float* to = x + rows[i] * columns;
#pragma omp simd
    for (int64_t c = 0; c < columns; ++c) to[c] += from[c];
  });
}

}  // namespace pretext
