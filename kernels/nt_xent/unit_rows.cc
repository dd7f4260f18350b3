#include "kernels/nt_xent/unit_rows.h"

#include <atomic>
#include <cmath>

#include "base/parallel/parallel.h"
#include "kernels/reduce/dot_product.h"

namespace pretext::nt_xent_internal {

bool UnitRows(int64_t rows, int64_t features, const float* x, float* z, float* inverse_length) {
  std::atomic<bool> finite = true;
  ParallelFor(rows, 2 * features, [&](int64_t i) {
    const float* in = x + i * features;
    float* out = z + i * features;
    // Squares of floats cannot overflow a double.
    const double length = std::sqrt(RowDot(features, in, in));
    if (!std::isfinite(length)) finite.store(false, std::memory_order_relaxed);
    const double inverse = length < kZeroLength ? 0.0 : 1.0 / length;
    inverse_length[i] = static_cast<float>(inverse);
#pragma omp simd
    for (int64_t f = 0; f < features; ++f) out[f] = static_cast<float>(in[f] * inverse);
  });
  return finite;
}

void UnitRowsBackward(int64_t rows, int64_t features, const float* z, const float* inverse_length,
                      float* gradient) {
  ParallelFor(rows, 2 * features, [&](int64_t i) {
    const float* unit = z + i * features;
    float* g = gradient + i * features;
    const float along = static_cast<float>(RowDot(features, unit, g));
    const float inverse = inverse_length[i];
#pragma omp simd
    for (int64_t f = 0; f < features; ++f) g[f] = (g[f] - unit[f] * along) * inverse;
  });
}

}  // namespace pretext::nt_xent_internal
