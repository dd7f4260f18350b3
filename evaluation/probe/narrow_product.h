// Products whose result has few columns (the classes): general libraries spend more on packing than
// on multiplying.
#pragma once

#include <algorithm>
#include <cstdint>

namespace pretext {

inline constexpr int64_t kNarrowVector = 16;  // floats in a vector

// out[i, j] = Σ_k a[i·row_stride + k·depth_stride] · b[k, j] for 0 <= i < kRows
// and the 16 columns j from `b`.
template <int kRows>
inline void NarrowTile(const float* a, int64_t row_stride, int64_t depth_stride, int64_t depth,
                       const float* b, int64_t columns, float* out) {
  using Vector = float __attribute__((vector_size(kNarrowVector * sizeof(float)),
                                      aligned(alignof(float)), may_alias));
  Vector sum[kRows] = {};
  for (int64_t k = 0; k < depth; ++k) {
    const Vector row = *reinterpret_cast<const Vector*>(b + k * columns);
    for (int i = 0; i < kRows; ++i) sum[i] += a[i * row_stride + k * depth_stride] * row;
  }
  for (int i = 0; i < kRows; ++i) *reinterpret_cast<Vector*>(out + i * columns) = sum[i];
}

// out [rows, columns] = a · b, b [depth, columns], columns a multiple of 16. Element (i, k) of a
// lies at i·row_stride + k·depth_stride, so a transposed factor needs no copy.
inline void NarrowProduct(const float* a, int64_t row_stride, int64_t depth_stride, int64_t rows,
                          int64_t depth, const float* b, int64_t columns, float* out) {
  constexpr int kTile = 8;
  for (int64_t j = 0; j < columns; j += kNarrowVector) {
    int64_t i = 0;
    for (; i + kTile <= rows; i += kTile) {
      NarrowTile<kTile>(a + i * row_stride, row_stride, depth_stride, depth, b + j, columns,
                        out + i * columns + j);
    }
    for (; i < rows; ++i) {
      NarrowTile<1>(a + i * row_stride, row_stride, depth_stride, depth, b + j, columns,
                    out + i * columns + j);
    }
  }
}

}  // namespace pretext
