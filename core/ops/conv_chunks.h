// A convolution plan applied to tensors, chunk by chunk. Internal to the image operations.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "absl/functional/function_ref.h"
#include "core/ops/image.h"
#include "kernels/conv/conv.h"
#include "kernels/layout/channel_order.h"

namespace pretext::conv_internal {

// The shape of the convolution of x [R, C, H, W] with weight [O, C/G, K, K]. Checked.
ConvShape ShapeOf(const Shape& x, const Shape& weight, const ConvOptions& options,
                  Precision precision);

// Memory for a kernel, from the pool.
Tensor Workspace(size_t bytes);

ChannelOrder OrderOf(const Tensor& x, int64_t rows);

// What lies `offset` elements behind: of bfloat16 or of float32.
inline void* Behind(void* data, int64_t offset, bool bfloat16) {
  return static_cast<char*>(data) + offset * (bfloat16 ? 2 : 4);
}
inline const void* Behind(const void* data, int64_t offset, bool bfloat16) {
  return static_cast<const char*>(data) + offset * (bfloat16 ? 2 : 4);
}

// A tensor's elements as float or Bfloat16.
template <class T>
T* Elements(Tensor& x) {
  if constexpr (std::is_same_v<T, float>) {
    return x.data();
  } else {
    return x.bfloat16s();
  }
}
template <class T>
const T* Elements(const Tensor& x) {
  return Elements<T>(const_cast<Tensor&>(x));
}

// Calls visit.operator()<T>() with the type of an image's elements.
template <class Visit>
void WithElements(const Tensor& image, const Visit& visit) {
  if (image.dtype() == DType::kBfloat16) return visit.template operator()<Bfloat16>();
  visit.template operator()<float>();
}

// y = x * w for all samples of the plan; after(begin, count) is called when a chunk is done.
void ForwardInChunks(const ConvPlan& plan, const void* x, const float* weight, void* y,
                     absl::FunctionRef<void(int64_t begin, int64_t count)> after);

struct ConvGradients {
  const void* x;
  const float* weight;
  void* dx = nullptr;  // null: not wanted
  bool add_to_dx = false;
  float* dweight = nullptr;  // null: not wanted
  bool add_to_dweight = false;
};

// The gradients for all samples of the plan. dy(begin, count, room) gives the chunk's gradient of
// the output: written into `room` (memory for one chunk), or anywhere else.
void BackwardInChunks(const ConvPlan& plan, const ConvGradients& gradients,
                      absl::FunctionRef<const void*(int64_t begin, int64_t count, void* room)> dy);

}  // namespace pretext::conv_internal
