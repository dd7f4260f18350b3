// Pooling over images that are walked by a ChannelOrder (blocked, channels last).
// Samples and channels are apart from one another: the same bits whatever
// the number of threads. NaN propagates.
#pragma once

#include <cstdint>

#include "kernels/layout/channel_order.h"

namespace pretext {

// y[n, c] = mean over positions of x[n, c, ·]; y row-major N×C.
void GlobalAveragePool(const ChannelOrder& order, const float* x, float* y);
// dx[n, c, ·] = dy[n, c] / positions, padding zero; added to dx with accumulate.
void GlobalAveragePoolBackward(const ChannelOrder& order, const float* dy, bool accumulate,
                               float* dx);

// A window of K×K every `stride` pixels; `padding` pixels around the image never win. padding < K.
struct MaxPoolShape {
  int64_t height, width;  // of x
  int64_t kernel, stride, padding;

  int64_t out_height() const { return (height + 2 * padding - kernel) / stride + 1; }
  int64_t out_width() const { return (width + 2 * padding - kernel) / stride + 1; }
};

// y[n, c, i, j] = max over the window. `in` and `out` are the orders of x and y:
// of one kind (SameOrder).
void MaxPool(const MaxPoolShape& shape, const ChannelOrder& in, const ChannelOrder& out,
             const float* x, float* y);
// dx = dy at the first element of each window, row by row, that equals y; summed where windows
// overlap. Overwrites dx.
void MaxPoolBackward(const MaxPoolShape& shape, const ChannelOrder& in, const ChannelOrder& out,
                     const float* x, const float* y, const float* dy, float* dx);

}  // namespace pretext
