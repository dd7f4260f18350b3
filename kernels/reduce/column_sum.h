// Sums over the rows of a matrix: the gradient of a bias.
#pragma once

#include <cstdint>

namespace pretext {

// sum[c] = Σ_r x[r, c] over rows × columns, row-major; added to what is there when accumulate. Rows
// are summed in fixed blocks of 256, then the blocks in order: rounding grows with the root of the
// rows, and the same bits whatever the number of threads.
void ColumnSum(int64_t rows, int64_t columns, const float* x, bool accumulate, float* sum);

}  // namespace pretext
