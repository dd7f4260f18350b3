// Bias and activation after a convolution, and their gradients, in whatever order the convolution
// left its output:
//
//   y = f(z + b[c])
//
// Fixed pieces, summed in a fixed order: the same bits whatever the number of threads.
// NaN propagates. T: float, or Bfloat16, which is widened as it is read and rounded as it is
// written.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/activation/activation.h"
#include "kernels/bfloat16/bfloat16.h"
#include "kernels/layout/channel_order.h"

namespace pretext {

// `samples` samples at the pointers (order.samples for all). bias: C values or null. With `sum`,
// z + b is kept there for the backward pass (it may be z; y must then be another array); else y
// may be z. Padding is left alone: a padded y that is not z is to be cleared first.
template <class T>
void ChannelBiasActivation(const ChannelOrder& order, int64_t samples, Activation activation,
                           const T* z, const float* bias, Of<T>* sum, Of<T>* y);

// Floats that the partial sums of the bias's gradient need, all samples.
size_t ChannelBiasPartials(const ChannelOrder& order);

// dz = f'(·) dy for samples [begin, begin + count); pointers at sample `begin`.
// saved: y, or z + b, as DerivativeFromOutput says; unused for the identity.
// dz may be dy. partials may be null (no bias).
template <class T>
void ChannelBiasActivationBackward(const ChannelOrder& order, int64_t begin, int64_t count,
                                   Activation activation, const Of<T>* saved, const T* dy,
                                   Of<T>* dz, float* partials);
// dbias = Σ dz, or += with accumulate. After all samples.
void FinishChannelBias(const ChannelOrder& order, const float* partials, bool accumulate,
                       float* dbias);

}  // namespace pretext
