#include "kernels/conv/winograd_transforms.h"

#include "kernels/conv/winograd_lanes.h"

namespace pretext::conv_internal {
namespace {

using V = WinogradLanes;
using lanes::Load;
using lanes::Store;

constexpr int64_t kLanes = lanes::kLanes<V>, kBlock = kWinogradBlock, kTile = kWinogradTile;
constexpr int64_t kWindow = 6, kSide = 6, kKernel = 3, kTaps = kKernel * kKernel;

// The points ±a and ±b.
constexpr float kA = 0.625f, kB = 1.5f;
constexpr float kA2 = kA * kA, kB2 = kB * kB, kA3 = kA2 * kA, kB3 = kB2 * kB;
constexpr float kProduct = kA2 * kB2, kSum = kA2 + kB2;
// The denominators of G: the products of a point's distances from the others.
constexpr float kG0 = static_cast<float>(1.0 / (kA2 * kB2));
constexpr float kGa = static_cast<float>(1.0 / (2.0 * kA2 * (kA2 - kB2)));
constexpr float kGb = static_cast<float>(1.0 / (2.0 * kB2 * (kB2 - kA2)));

// One dimension each, of vectors. from(i) and to(i, value).
struct Windows {  // Bᵀ
  static constexpr int64_t kFrom = kWindow, kTo = kSide;
  [[gnu::always_inline]] static void Apply(const V* d, V* v) {
    const V even_a = d[4] - kB2 * d[2], odd_a = d[3] - kB2 * d[1];
    const V even_b = d[4] - kA2 * d[2], odd_b = d[3] - kA2 * d[1];
    v[0] = kProduct * d[0] + (d[4] - kSum * d[2]);
    v[1] = even_a + kA * odd_a;
    v[2] = even_a - kA * odd_a;
    v[3] = even_b + kB * odd_b;
    v[4] = even_b - kB * odd_b;
    v[5] = kProduct * d[1] + (d[5] - kSum * d[3]);
  }
};
struct Gradient {  // A
  static constexpr int64_t kFrom = kTile, kTo = kSide;
  [[gnu::always_inline]] static void Apply(const V* y, V* v) {
    const V even_a = y[0] + kA2 * y[2], odd_a = y[1] + kA2 * y[3];
    const V even_b = y[0] + kB2 * y[2], odd_b = y[1] + kB2 * y[3];
    v[0] = y[0];
    v[1] = even_a + kA * odd_a;
    v[2] = even_a - kA * odd_a;
    v[3] = even_b + kB * odd_b;
    v[4] = even_b - kB * odd_b;
    v[5] = y[3];
  }
};
struct Outputs {  // Aᵀ
  static constexpr int64_t kFrom = kSide, kTo = kTile;
  [[gnu::always_inline]] static void Apply(const V* m, V* y) {
    const V even_a = m[1] + m[2], odd_a = m[1] - m[2];
    const V even_b = m[3] + m[4], odd_b = m[3] - m[4];
    y[0] = m[0] + (even_a + even_b);
    y[1] = kA * odd_a + kB * odd_b;
    y[2] = kA2 * even_a + kB2 * even_b;
    y[3] = kA3 * odd_a + (kB3 * odd_b + m[5]);
  }
};
struct Weights {  // G
  static constexpr int64_t kFrom = kKernel, kTo = kSide;
  [[gnu::always_inline]] static void Apply(const V* w, V* u) {
    const V even_a = w[0] + kA2 * w[2], even_b = w[0] + kB2 * w[2];
    u[0] = kG0 * w[0];
    u[1] = kGa * (even_a + kA * w[1]);
    u[2] = kGa * (even_a - kA * w[1]);
    u[3] = kGb * (even_b + kB * w[1]);
    u[4] = kGb * (even_b - kB * w[1]);
    u[5] = w[2];
  }
};
struct WeightsBack {  // Gᵀ
  static constexpr int64_t kFrom = kSide, kTo = kKernel;
  [[gnu::always_inline]] static void Apply(const V* u, V* w) {
    const V even_a = kGa * (u[1] + u[2]), odd_a = kGa * (u[1] - u[2]);
    const V even_b = kGb * (u[3] + u[4]), odd_b = kGb * (u[3] - u[4]);
    w[0] = kG0 * u[0] + (even_a + even_b);
    w[1] = kA * odd_a + kB * odd_b;
    w[2] = kA2 * even_a + (kB2 * even_b + u[5]);
  }
};

// Along both dimensions: load(i, j), then store(i, j, value).
template <class T, class LoadAt, class StoreAt>
[[gnu::always_inline]] inline void Transform(const LoadAt& load, const StoreAt& store) {
  V half[T::kTo][T::kFrom];
#pragma GCC unroll 6
  for (int64_t j = 0; j < T::kFrom; ++j) {
    V from[T::kFrom], to[T::kTo];
#pragma GCC unroll 6
    for (int64_t i = 0; i < T::kFrom; ++i) from[i] = load(i, j);
    T::Apply(from, to);
#pragma GCC unroll 6
    for (int64_t i = 0; i < T::kTo; ++i) half[i][j] = to[i];
  }
#pragma GCC unroll 6
  for (int64_t i = 0; i < T::kTo; ++i) {
    V to[T::kTo];
    T::Apply(half[i], to);
#pragma GCC unroll 6
    for (int64_t j = 0; j < T::kTo; ++j) store(i, j, to[j]);
  }
}

// visit(tile, sample, row, column) of tiles [first, first + count): the number of the tile from
// `first` on, its sample's numbers, its corner.
template <class Float, class Visit>
[[gnu::always_inline]] inline void ForEachTile(const WinogradImages& images, Float* data,
                                               int64_t first, int64_t count, const Visit& visit) {
  const int64_t down = images.down(), across = images.across();
  int64_t i = first / across % down, j = first % across;
  Float* sample = data + first / (down * across) * images.order.sample_stride;
  for (int64_t t = 0; t < count; ++t) {
    visit(t, sample, i * kTile, j * kTile);
    if (++j < across) continue;
    j = 0;
    if (++i < down) continue;
    i = 0;
    sample += images.order.sample_stride;
  }
}

// From a sample to the numbers of a channel.
int64_t ChannelAt(const ChannelOrder& order, int64_t channel) {
  return channel / order.lanes * order.block_stride + channel % order.lanes;
}

// What T makes of a part of a sample whose corner is at (row, column).
template <class T>
[[gnu::always_inline]] inline void TransformPart(const WinogradImages& images, const float* sample,
                                                 int64_t channel, int64_t row, int64_t column,
                                                 float* to, int64_t point_stride) {
  const int64_t column_stride = images.order.position_stride,
                row_stride = images.width * column_stride;
  const bool inside = row >= 0 && column >= 0 && row + T::kFrom <= images.height &&
                      column + T::kFrom <= images.width;
  for (int64_t lane = 0; lane < kBlock; lane += kLanes) {
    const float* const corner = sample + ChannelAt(images.order, channel + lane) +
                                row * row_stride + column * column_stride;
    const auto load = [&](int64_t i, int64_t j) {
      return Load<V>(corner + i * row_stride + j * column_stride);
    };
    const auto store = [&](int64_t i, int64_t j, V value) {
      Store(to + (i * kSide + j) * point_stride + lane, value);
    };
    if (inside) {
      Transform<T>(load, store);
    } else {
      const auto is_there = [&](int64_t i, int64_t j) {
        return row + i >= 0 && row + i < images.height && column + j >= 0 &&
               column + j < images.width;
      };
      Transform<T>([&](int64_t i, int64_t j) { return is_there(i, j) ? load(i, j) : V{}; }, store);
    }
  }
}

}  // namespace

void TransformWindows(const WinogradImages& images, const float* data, int64_t channel,
                      int64_t first, int64_t count, const WinogradPlace& to) {
  ForEachTile(images, data, first, count,
              [&](int64_t t, const float* sample, int64_t row, int64_t column) {
                TransformPart<Windows>(images, sample, channel, row - 1, column - 1,
                                       to.data + t * to.tile_stride, to.point_stride);
              });
}

void TransformGradientTiles(const WinogradImages& images, const float* data, int64_t channel,
                            int64_t first, int64_t count, const WinogradPlace& to) {
  ForEachTile(images, data, first, count,
              [&](int64_t t, const float* sample, int64_t row, int64_t column) {
                TransformPart<Gradient>(images, sample, channel, row, column,
                                        to.data + t * to.tile_stride, to.point_stride);
              });
}

void TransformBack(const WinogradPlace& from, int64_t first, int64_t count, bool accumulate,
                   const WinogradImages& images, int64_t channel, float* data) {
  const int64_t column_stride = images.order.position_stride,
                row_stride = images.width * column_stride;
  ForEachTile(images, data, first, count,
              [&](int64_t t, float* sample, int64_t row, int64_t column) {
                const int64_t rows = images.height - row, columns = images.width - column;
                for (int64_t lane = 0; lane < kBlock; lane += kLanes) {
                  const float* const at = from.data + t * from.tile_stride + lane;
                  float* const corner = sample + ChannelAt(images.order, channel + lane) +
                                        row * row_stride + column * column_stride;
                  Transform<Outputs>(
                      [&](int64_t i, int64_t j) {
                        return Load<V>(at + (i * kSide + j) * from.point_stride);
                      },
                      [&](int64_t i, int64_t j, V value) {
                        if (i >= rows || j >= columns) return;
                        float* const y = corner + i * row_stride + j * column_stride;
                        Store(y, accumulate ? Load<V>(y) + value : value);
                      });
                }
              });
}

void TransformWeights(const WinogradWeights& weights, const float* from, const WinogradPlace& to) {
  alignas(64) float taps[kBlock * kTaps * kBlock];  // [in][tap][out]
  for (int64_t out = 0; out < kBlock; ++out) {
    for (int64_t in = 0; in < kBlock; ++in) {
      const float* const w = from + out * weights.out_stride + in * weights.in_stride;
      for (int64_t tap = 0; tap < kTaps; ++tap)
        taps[(in * kTaps + tap) * kBlock + out] = w[weights.turned ? kTaps - 1 - tap : tap];
    }
  }
  for (int64_t in = 0; in < kBlock; ++in) {
    for (int64_t lane = 0; lane < kBlock; lane += kLanes) {
      Transform<Weights>(
          [&](int64_t i, int64_t j) {
            return Load<V>(taps + (in * kTaps + i * kKernel + j) * kBlock + lane);
          },
          [&](int64_t i, int64_t j, V value) {
            Store(to.data + (i * kSide + j) * to.point_stride + in * to.tile_stride + lane, value);
          });
    }
  }
}

void TransformWeightsBack(const WinogradPlace& from, const WinogradWeights& weights,
                          bool accumulate, float* to) {
  alignas(64) float taps[kBlock * kTaps * kBlock];
  for (int64_t in = 0; in < kBlock; ++in) {
    for (int64_t lane = 0; lane < kBlock; lane += kLanes) {
      Transform<WeightsBack>(
          [&](int64_t i, int64_t j) {
            return Load<V>(from.data + (i * kSide + j) * from.point_stride + in * from.tile_stride +
                           lane);
          },
          [&](int64_t i, int64_t j, V value) {
            Store(taps + (in * kTaps + i * kKernel + j) * kBlock + lane, value);
          });
    }
  }
  for (int64_t out = 0; out < kBlock; ++out) {
    for (int64_t in = 0; in < kBlock; ++in) {
      float* const w = to + out * weights.out_stride + in * weights.in_stride;
      for (int64_t tap = 0; tap < kTaps; ++tap) {
        const float value = taps[(in * kTaps + tap) * kBlock + out];
        w[tap] = accumulate ? w[tap] + value : value;
      }
    }
  }
}

}  // namespace pretext::conv_internal
