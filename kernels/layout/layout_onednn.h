// Between Layout and oneDNN's memory descriptors. For kernels that call oneDNN; heavy to include.
#pragma once

#include <cstdint>
#include <dnnl.hpp>
#include <utility>
#include <vector>

#include "kernels/layout/layout.h"

namespace pretext {

// The row-major float32 descriptor becomes the plain layout.
Layout LayoutFrom(const dnnl::memory::desc& desc);

// dims are used when the layout is plain and must agree with it otherwise.
dnnl::memory::desc DescriptorOf(Layout layout, const dnnl::memory::dims& dims);

// Row-major, float32.
dnnl::memory::desc PlainDescriptor(const dnnl::memory::dims& dims);

// How a descriptor orders its elements: the stride of each dimension, in elements, between blocks,
// and the blocks inside, outermost first, as (dimension, size).
struct Blocking {
  bool known = false;  // false: an order that only oneDNN understands
  dnnl::memory::dims strides;
  std::vector<std::pair<int, int64_t>> inner;
};
Blocking BlockingOf(const dnnl::memory::desc& desc);

}  // namespace pretext
