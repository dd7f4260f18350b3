#include "kernels/reduce/column_sum.h"

#include <algorithm>

#include "base/parallel/parallel.h"

namespace pretext {
namespace {

constexpr int64_t kColumns = 64;  // a thread's unit: four vectors of 16, kept in registers
constexpr int64_t kRows = 256;    // summed in float before they are added to the total

}  // namespace

void ColumnSum(int64_t rows, int64_t columns, const float* x, bool accumulate, float* sum) {
  ParallelBlocks(columns, kColumns, rows, [&](int64_t first, int64_t last) {
    const int64_t width = last - first;
    float total[kColumns] = {};
    for (int64_t begin = 0; begin < rows; begin += kRows) {
      const int64_t end = std::min(rows, begin + kRows);
      float block[kColumns] = {};
      for (int64_t r = begin; r < end; ++r) {
        const float* const row = x + r * columns + first;
        if (width == kColumns) {
#pragma omp simd
          for (int64_t c = 0; c < kColumns; ++c) block[c] += row[c];
        } else {
#pragma omp simd
          for (int64_t c = 0; c < width; ++c) block[c] += row[c];
        }
      }
      for (int64_t c = 0; c < width; ++c) total[c] += block[c];
    }
    for (int64_t c = 0; c < width; ++c) {
      sum[first + c] = accumulate ? sum[first + c] + total[c] : total[c];
    }
  });
}

}  // namespace pretext
