#include "kernels/conv/winograd_products.h"

#include <array>
#include <utility>

namespace pretext::conv_internal {
namespace {

using V = WinogradLanes;
using lanes::Load;
using lanes::Store;

constexpr int64_t kBlock = 16, kLanes = lanes::kLanes<V>;
constexpr int kRows = kWinogradRows;
// Of the sums over tiles, rows are channels.
constexpr int kChannels = kLanes == 16 ? 8 : 4;

// m [kCount, kVectors · kLanes] = v · u; rows of u and m are `columns` apart.
template <int kCount, int kVectors>
void Rows(int64_t blocks, int64_t columns, const float* v, int64_t v_stride, const float* u,
          float* m) {
  V sums[kCount][kVectors] = {};
  for (int64_t b = 0; b < blocks; ++b, v += v_stride) {
    for (int64_t c = 0; c < kBlock; ++c, u += columns) {
      V right[kVectors];
#pragma GCC unroll 2
      for (int j = 0; j < kVectors; ++j) right[j] = Load<V>(u + j * kLanes);
#pragma GCC unroll 14
      for (int r = 0; r < kCount; ++r) {
#pragma GCC unroll 2
        for (int j = 0; j < kVectors; ++j) sums[r][j] += right[j] * v[r * kBlock + c];
      }
    }
  }
#pragma GCC unroll 14
  for (int r = 0; r < kCount; ++r) {
#pragma GCC unroll 2
    for (int j = 0; j < kVectors; ++j) Store(m + r * columns + j * kLanes, sums[r][j]);
  }
}

using RowsFunction = void (*)(int64_t, int64_t, const float*, int64_t, const float*, float*);
template <int kVectors, int... kCounts>
constexpr std::array<RowsFunction, kRows> AllRows(std::integer_sequence<int, kCounts...>) {
  return {Rows<kCounts + 1, kVectors>...};
}

template <int kVectors>
void MultiplyColumns(int64_t tiles, int64_t channels, int64_t columns, const float* v,
                     int64_t v_stride, const float* u, float* m) {
  static constexpr auto kFunctions = AllRows<kVectors>(std::make_integer_sequence<int, kRows>());
  // Shares of equal size: few rows leave the units waiting for their own sums.
  const int64_t shares = (tiles + kRows - 1) / kRows;
  for (int64_t s = 0; s < shares; ++s) {
    const int64_t begin = s * tiles / shares, count = (s + 1) * tiles / shares - begin;
    kFunctions[static_cast<size_t>(count - 1)](channels / kBlock, columns, v + begin * kBlock,
                                               v_stride, u, m + begin * columns);
  }
}

template <int kVectors>
void SumColumns(int64_t tiles, int64_t columns, const float* v, const float* y, bool accumulate,
                float* du) {
  V sums[kChannels][kVectors] = {};
  for (int64_t t = 0; t < tiles; ++t, v += kBlock, y += columns) {
    V right[kVectors];
#pragma GCC unroll 2
    for (int j = 0; j < kVectors; ++j) right[j] = Load<V>(y + j * kLanes);
#pragma GCC unroll 8
    for (int c = 0; c < kChannels; ++c) {
#pragma GCC unroll 2
      for (int j = 0; j < kVectors; ++j) sums[c][j] += right[j] * v[c];
    }
  }
#pragma GCC unroll 8
  for (int c = 0; c < kChannels; ++c) {
#pragma GCC unroll 2
    for (int j = 0; j < kVectors; ++j) {
      float* const to = du + c * columns + j * kLanes;
      Store(to, accumulate ? Load<V>(to) + sums[c][j] : sums[c][j]);
    }
  }
}

}  // namespace

void MultiplyPoint(int64_t tiles, int64_t channels, int64_t columns, const float* v,
                   int64_t v_stride, const float* u, float* m) {
  int64_t j = 0;
  for (; j + 2 * kLanes <= columns; j += 2 * kLanes)
    MultiplyColumns<2>(tiles, channels, columns, v, v_stride, u + j, m + j);
  if (j < columns) MultiplyColumns<1>(tiles, channels, columns, v, v_stride, u + j, m + j);
}

void SumOverTiles(int64_t tiles, int64_t columns, const float* v, const float* y, bool accumulate,
                  float* du) {
  for (int64_t c = 0; c < kBlock; c += kChannels) {
    int64_t j = 0;
    for (; j + 2 * kLanes <= columns; j += 2 * kLanes)
      SumColumns<2>(tiles, columns, v + c, y + j, accumulate, du + c * columns + j);
    if (j < columns) SumColumns<1>(tiles, columns, v + c, y + j, accumulate, du + c * columns + j);
  }
}

}  // namespace pretext::conv_internal
