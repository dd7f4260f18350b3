// The transpose of a matrix, tile by tile: 16 lines of the cache in, 16 out.
#pragma once

#include <algorithm>
#include <cstdint>

namespace pretext {

// to[j, i] = from[i, j] for rows i in [begin, end). from [rows, columns], to [columns, rows].
inline void TransposeRows(int64_t rows, int64_t columns, int64_t begin, int64_t end,
                          const float* from, float* to) {
  constexpr int64_t kTile = 16;
  for (int64_t i0 = begin; i0 < end; i0 += kTile) {
    const int64_t i1 = std::min(i0 + kTile, end);
    for (int64_t j0 = 0; j0 < columns; j0 += kTile) {
      const int64_t j1 = std::min(j0 + kTile, columns);
      for (int64_t j = j0; j < j1; ++j) {
        for (int64_t i = i0; i < i1; ++i) to[j * rows + i] = from[i * columns + j];
      }
    }
  }
}

}  // namespace pretext
