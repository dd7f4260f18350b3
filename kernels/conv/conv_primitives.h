// oneDNN's convolution primitives for one number of samples. Internal to the package; what differs
// between oneDNN 2 and 3 is in conv_primitives.cc.
#pragma once

#include <dnnl.hpp>

#include "kernels/conv/conv.h"

namespace pretext::conv_internal {

// A primitive with the descriptors of what it reads and writes. x stands for x or dx, and so on.
struct ConvPrimitive {
  dnnl::primitive primitive;
  dnnl::memory::desc x, w, y, scratchpad;

  explicit operator bool() const { return static_cast<bool>(primitive); }
};

struct ConvRequest {
  ConvShape shape;
  dnnl::algorithm algorithm = dnnl::algorithm::convolution_direct;
  dnnl::memory::desc x, w, y;
};

dnnl::memory::dims WeightDims(const ConvShape& shape);

// The orders that oneDNN wants x and y in for the forward pass, where the request leaves them open;
// false when it has none. No code is made.
bool ChooseOrders(ConvRequest& request);

// Whether every pass of the request has code made for the processor, the gradient of x in the order
// `dx`: there is a reference implementation of everything, hundreds of times slower.
bool IsFast(const ConvRequest& request, const dnnl::memory::desc& dx);

// Whether oneDNN has Winograd's algorithm here: version 2 has it for AVX-512, version 3 no more.
bool OnednnHasWinograd();

// Floats in the vectors of its convolutions: 4, 8 or 16.
int64_t OnednnLanes();

// What is not to be had (Winograd on this processor or for this shape) gives an empty primitive.
ConvPrimitive MakeForward(const ConvRequest& request);
ConvPrimitive MakeBackwardData(const ConvRequest& request);
ConvPrimitive MakeBackwardWeights(const ConvRequest& request);

}  // namespace pretext::conv_internal
