// Products with a few columns (the classes): general libraries spend more on packing than on
// multiplying.
#pragma once

#include <cstdint>
#include <type_traits>

namespace pretext {

inline constexpr int64_t kNarrowVector = 16;  // floats in a vector
// Vectors of a tile of five classes whose sums stay in registers.
#ifdef __AVX512F__
inline constexpr int kGradientVectors = 4;
#else
inline constexpr int kGradientVectors = 1;
#endif

namespace narrow_product_internal {

using Vector [[gnu::vector_size(kNarrowVector * sizeof(float)), gnu::aligned(alignof(float)),
               gnu::may_alias]] = float;

inline Vector Load(const float* at) { return *reinterpret_cast<const Vector*>(at); }
inline void Store(float* at, Vector value) { *reinterpret_cast<Vector*>(at) = value; }

// tile(size, first) for tiles of kTile that cover 0 … count - 1, the last ones of 1.
template <int kTile, class Tile>
inline void InTiles(int64_t count, const Tile& tile) {
  int64_t first = 0;
  for (; first + kTile <= count; first += kTile) tile(std::integral_constant<int, kTile>(), first);
  for (; first < count; ++first) tile(std::integral_constant<int, 1>(), first);
}

// 16 columns of kRows rows of `out`.
template <int kRows>
inline void ProductTile(const float* a, int64_t stride, int64_t depth, const float* b,
                        int64_t columns, float* out) {
  Vector sum[kRows] = {};
  for (int64_t k = 0; k < depth; ++k) {
    const Vector row = Load(b + k * columns);
    for (int i = 0; i < kRows; ++i) sum[i] += a[i * stride + k] * row;
  }
  for (int i = 0; i < kRows; ++i) Store(out + i * columns, sum[i]);
}

// kVectors · 16 features of kClasses rows of `out`.
template <int kClasses, int kVectors>
inline void GradientTile(const float* r, int64_t columns, const float* x, int64_t width,
                         int64_t rows, float* out) {
  Vector sum[kClasses][kVectors];
#pragma GCC unroll 8
  for (int c = 0; c < kClasses; ++c) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) sum[c][v] = Load(out + c * width + v * kNarrowVector);
  }
  for (int64_t n = 0; n < rows; ++n) {
#pragma GCC unroll 8
    for (int c = 0; c < kClasses; ++c) {
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v)
        sum[c][v] += r[n * columns + c] * Load(x + n * width + v * kNarrowVector);
    }
  }
#pragma GCC unroll 8
  for (int c = 0; c < kClasses; ++c) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) Store(out + c * width + v * kNarrowVector, sum[c][v]);
  }
}

}  // namespace narrow_product_internal

// out [rows, columns] = a · b, b [depth, columns], columns a multiple of 16; rows of a are `stride`
// apart.
inline void NarrowProduct(const float* a, int64_t stride, int64_t rows, int64_t depth,
                          const float* b, int64_t columns, float* out) {
  using namespace narrow_product_internal;
  for (int64_t j = 0; j < columns; j += kNarrowVector) {
    InTiles<8>(rows, [&](auto tile, int64_t i) {
      ProductTile<tile>(a + i * stride, stride, depth, b + j, columns, out + i * columns + j);
    });
  }
}

// out[c, d] += Σ_n r[n, c] · x[n, d] for 0 <= c < classes: out [classes, width], x [rows, width],
// width a multiple of 16, rows of r being `columns` apart. A column that is not there costs
// nothing, and x is read in whole lines of the cache.
inline void AddNarrowGradient(const float* r, int64_t columns, const float* x, int64_t rows,
                              int64_t classes, int64_t width, float* out) {
  using namespace narrow_product_internal;
  InTiles<kGradientVectors>(width / kNarrowVector, [&](auto vectors, int64_t v) {
    const int64_t d = v * kNarrowVector;
    InTiles<5>(classes, [&](auto tile, int64_t c) {
      GradientTile<tile, vectors>(r + c, columns, x + d, width, rows, out + c * width + d);
    });
  });
}

}  // namespace pretext
