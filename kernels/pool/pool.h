// Pooling over images that are walked by a ChannelOrder (blocked, channels last).
// Samples and channels are apart from one another: the same bits whatever
// the number of threads. NaN propagates. T: float, or Bfloat16 (sums are in float32).
#pragma once

#include <cstdint>

#include "kernels/bfloat16/bfloat16.h"
#include "kernels/layout/channel_order.h"

namespace pretext {

// y[n, c] = mean over positions of x[n, c, ·]; y row-major N×C.
template <class T>
void GlobalAveragePool(const ChannelOrder& order, const T* x, float* y);
// dx[n, c, ·] = dy[n, c] / positions, padding zero; added to dx with accumulate.
template <class T>
void GlobalAveragePoolBackward(const ChannelOrder& order, const float* dy, bool accumulate, T* dx);

// A window of K×K every `stride` pixels; `padding` pixels around the image never win. padding < K.
struct MaxPoolShape {
  int64_t height, width;  // of x
  int64_t kernel, stride, padding;

  int64_t out_height() const { return (height + 2 * padding - kernel) / stride + 1; }
  int64_t out_width() const { return (width + 2 * padding - kernel) / stride + 1; }
};

// y[n, c, i, j] = max over the window. `in` and `out` are the orders of x and y:
// of one kind (SameOrder).
template <class T>
void MaxPool(const MaxPoolShape& shape, const ChannelOrder& in, const ChannelOrder& out, const T* x,
             Of<T>* y);
// dx = dy at the first element of each window, row by row, that equals y; summed where windows
// overlap. Overwrites dx.
template <class T>
void MaxPoolBackward(const MaxPoolShape& shape, const ChannelOrder& in, const ChannelOrder& out,
                     const T* x, const Of<T>* y, const Of<T>* dy, Of<T>* dx);

}  // namespace pretext
