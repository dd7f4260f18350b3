#include "kernels/pool/pool.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/parallel/parallel.h"
#include "kernels/layout/channel_loops.h"

namespace pretext {
namespace {

using namespace channel_loops;

// Calls body.operator()<V>(sample, channel) for every sample and vector of channels. cost: of one
// value.
template <class Body>
void ForEachGroup(const ChannelOrder& o, int64_t cost, const Body& body) {
  const int64_t blocks = o.blocks();
  ParallelFor(o.samples * blocks, cost * o.positions * o.lanes, [&](int64_t i) {
    const int64_t sample = i / blocks, block = i % blocks;
    ForEachVector(o.padded() ? o.lanes : o.width(block), [&]<class V>(int64_t lane) {
      body.template operator()<V>(sample, block * o.lanes + lane);
    });
  });
}

// Of a value of x: the windows that it lies in.
int64_t WindowCost(const MaxPoolShape& s) {
  const int64_t overlap = (s.kernel + s.stride - 1) / s.stride;
  return overlap * overlap;
}

int64_t Offset(const ChannelOrder& o, int64_t sample, int64_t channel) {
  return sample * o.sample_stride + channel / o.lanes * o.block_stride + channel % o.lanes;
}

// Rows and columns of the image that the window at output (i, j) covers.
struct Window {
  int64_t top, bottom, left, right;
  Window(const MaxPoolShape& s, int64_t i, int64_t j)
      : top(std::max<int64_t>(0, i * s.stride - s.padding)),
        bottom(std::min(s.height, i * s.stride - s.padding + s.kernel)),
        left(std::max<int64_t>(0, j * s.stride - s.padding)),
        right(std::min(s.width, j * s.stride - s.padding + s.kernel)) {}
};

}  // namespace

template <class T>
void GlobalAveragePool(const ChannelOrder& o, const T* x, float* y) {
  ForEachGroup(o, 1, [&]<class V>(int64_t sample, int64_t channel) {
    const T* in = x + Offset(o, sample, channel);
    V sum[4] = {};
    int64_t s = 0;
    for (; s + 4 <= o.positions; s += 4) {
#pragma GCC unroll 4
      for (int j = 0; j < 4; ++j) sum[j] += Load<V>(in + (s + j) * o.position_stride);
    }
    for (; s < o.positions; ++s) sum[0] += Load<V>(in + s * o.position_stride);
    const V mean = ((sum[0] + sum[1]) + (sum[2] + sum[3])) / static_cast<float>(o.positions);
    const int64_t width = std::min(kLanes<V>, o.channels - channel);
    std::memcpy(y + sample * o.channels + channel, &mean,
                sizeof(float) * static_cast<size_t>(width));
  });
}

template <class T>
void GlobalAveragePoolBackward(const ChannelOrder& o, const float* dy, bool accumulate, T* dx) {
  ForEachGroup(o, 1, [&]<class V>(int64_t sample, int64_t channel) {
    const V gradient = LoadChannels<V>(dy + sample * o.channels, channel, o.channels, 0.0f) /
                       static_cast<float>(o.positions);
    T* out = dx + Offset(o, sample, channel);
    for (int64_t s = 0; s < o.positions; ++s) {
      T* at = out + s * o.position_stride;
      Store(at, accumulate ? Load<V>(at) + gradient : gradient);
    }
  });
}

template <class T>
void MaxPool(const MaxPoolShape& shape, const ChannelOrder& in, const ChannelOrder& out, const T* x,
             Of<T>* y) {
  ForEachGroup(in, 2 * WindowCost(shape), [&]<class V>(int64_t sample, int64_t channel) {
    const T* from = x + Offset(in, sample, channel);
    T* to = y + Offset(out, sample, channel);
    for (int64_t i = 0; i < shape.out_height(); ++i) {
      for (int64_t j = 0; j < shape.out_width(); ++j) {
        const Window w(shape, i, j);
        V best = Splat<V>(-std::numeric_limits<float>::infinity());
        for (int64_t row = w.top; row < w.bottom; ++row) {
          for (int64_t column = w.left; column < w.right; ++column) {
            const V v = Load<V>(from + (row * shape.width + column) * in.position_stride);
            best = v > best ? v : best;  // a NaN in best stays
            best = v != v ? v : best;
          }
        }
        Store(to + (i * shape.out_width() + j) * out.position_stride, best);
      }
    }
  });
}

template <class T>
void MaxPoolBackward(const MaxPoolShape& shape, const ChannelOrder& in, const ChannelOrder& out,
                     const T* x, const Of<T>* y, const Of<T>* dy, Of<T>* dx) {
  ForEachGroup(in, 2 * WindowCost(shape), [&]<class V>(int64_t sample, int64_t channel) {
    const T* from = x + Offset(in, sample, channel);
    T* result = dx + Offset(in, sample, channel);
    const int64_t out_offset = Offset(out, sample, channel);
    for (int64_t s = 0; s < in.positions; ++s) Store(result + s * in.position_stride, V{});
    for (int64_t i = 0; i < shape.out_height(); ++i) {
      for (int64_t j = 0; j < shape.out_width(); ++j) {
        const Window w(shape, i, j);
        const int64_t at = out_offset + (i * shape.out_width() + j) * out.position_stride;
        const V best = Load<V>(y + at);
        V left = Load<V>(dy + at);  // what no element has taken yet
        for (int64_t row = w.top; row < w.bottom; ++row) {
          for (int64_t column = w.left; column < w.right; ++column) {
            const int64_t s = (row * shape.width + column) * in.position_stride;
            const auto wins = Load<V>(from + s) == best;
            Store(result + s, Load<V>(result + s) + (wins ? left : V{}));
            left = wins ? V{} : left;
          }
        }
      }
    }
  });
}

#define PRETEXT_POOL_OF(T)                                                                       \
  template void GlobalAveragePool(const ChannelOrder&, const T*, float*);                        \
  template void GlobalAveragePoolBackward(const ChannelOrder&, const float*, bool, T*);          \
  template void MaxPool(const MaxPoolShape&, const ChannelOrder&, const ChannelOrder&, const T*, \
                        T*);                                                                     \
  template void MaxPoolBackward(const MaxPoolShape&, const ChannelOrder&, const ChannelOrder&,   \
                                const T*, const T*, const T*, T*);
PRETEXT_POOL_OF(float)
PRETEXT_POOL_OF(Bfloat16)
#undef PRETEXT_POOL_OF

}  // namespace pretext
