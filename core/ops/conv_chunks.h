// A convolution plan applied to tensors, chunk by chunk. Internal to the image operations.
#pragma once

#include <algorithm>
#include <cstdint>

#include "absl/functional/function_ref.h"
#include "core/ops/image.h"
#include "kernels/conv/conv.h"
#include "kernels/layout/channel_order.h"

namespace pretext::conv_internal {

// The shape of the convolution of x [R, C, H, W] with weight [O, C/G, K, K]. Checked.
ConvShape ShapeOf(const Shape& x, const Shape& weight, const ConvOptions& options);

// Memory for a kernel, from the pool.
Tensor Workspace(size_t bytes);

ChannelOrder OrderOf(const Tensor& x, int64_t rows);

// y = x * w for all samples of the plan; after(begin, count) is called when a chunk is done.
void ForwardInChunks(const ConvPlan& plan, const float* x, const float* weight, float* y,
                     absl::FunctionRef<void(int64_t begin, int64_t count)> after);

struct ConvGradients {
  const float* x;
  const float* weight;
  float* dx = nullptr;  // null: not wanted
  bool add_to_dx = false;
  float* dweight = nullptr;  // null: not wanted
  bool add_to_dweight = false;
};

// The gradients for all samples of the plan. dy(begin, count, room) gives the chunk's gradient of
// the output: written into `room` (memory for one chunk), or anywhere else.
void BackwardInChunks(
    const ConvPlan& plan, const ConvGradients& gradients,
    absl::FunctionRef<const float*(int64_t begin, int64_t count, float* room)> dy);

}  // namespace pretext::conv_internal
