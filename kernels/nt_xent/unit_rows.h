// Rows scaled to unit length, and back through that to the gradient. Internal to the package.
#pragma once

#include <cstdint>

namespace pretext::nt_xent_internal {

// Rows shorter than this count as zero vectors.
inline constexpr double kZeroLength = 1e-12;

// z_i = x_i / |x_i|, inverse_length_i = 1 / |x_i|; both 0 for a zero vector. x and z: [rows,
// features]. False if x holds a NaN or an infinity.
bool UnitRows(int64_t rows, int64_t features, const float* x, float* z, float* inverse_length);

// gradient_i, of z_i, becomes that of x_i: (g - z (z · g)) / |x|, row by row.
void UnitRowsBackward(int64_t rows, int64_t features, const float* z, const float* inverse_length,
                      float* gradient);

}  // namespace pretext::nt_xent_internal
