// Between Layout and oneDNN's memory descriptors. For kernels that call oneDNN; heavy to include.
#pragma once

#include <dnnl.hpp>

#include "kernels/layout/layout.h"

namespace pretext {

// The row-major float32 descriptor becomes the plain layout.
Layout LayoutFrom(const dnnl::memory::desc& desc);

// dims are used when the layout is plain and must agree with it otherwise.
dnnl::memory::desc DescriptorOf(Layout layout, const dnnl::memory::dims& dims);

// Row-major, float32.
dnnl::memory::desc PlainDescriptor(const dnnl::memory::dims& dims);

}  // namespace pretext
