#include "core/ops/conv_chunks.h"

#include "base/check/check.h"

namespace pretext::conv_internal {

ConvShape ShapeOf(const Shape& x, const Shape& weight, const ConvOptions& options,
                  Precision precision) {
  PRETEXT_CHECK(x.rank() == 4 && weight.rank() == 4, "a convolution takes images");
  PRETEXT_CHECK(weight[1] * options.groups == x[1] && weight[2] == weight[3],
                "the convolution's weight does not fit its input");
  return {.n = x[0],
          .in_channels = x[1],
          .height = x[2],
          .width = x[3],
          .out_channels = weight[0],
          .kernel = weight[2],
          .stride = options.stride,
          .padding = options.padding,
          .groups = options.groups,
          .bfloat16 = precision == Precision::kBfloat16};
}

Tensor Workspace(size_t bytes) {
  return Tensor::Uninitialized({static_cast<int64_t>((bytes + sizeof(float) - 1) / sizeof(float))});
}

ChannelOrder OrderOf(const Tensor& x, int64_t rows) {
  const ChannelOrder order = ChannelOrderOf(x.layout(), x.shape().begin(), x.rank(), rows);
  PRETEXT_CHECK(order.valid(), "an image in an order that can be walked by channels");
  return order;
}

void ForwardInChunks(const ConvPlan& plan, const void* x, const float* weight, void* y,
                     absl::FunctionRef<void(int64_t begin, int64_t count)> after) {
  constexpr auto kPass = ConvPlan::Pass::kForward;
  Tensor workspace = Workspace(plan.workspace_bytes(kPass));
  plan.Prepare(kPass, weight, workspace.data());
  const int64_t n = plan.shape().n;
  for (int64_t begin = 0; begin < n; begin += plan.chunk()) {
    const int64_t count = std::min(plan.chunk(), n - begin);
    plan.Forward(count, Behind(x, begin * plan.input_stride(), plan.bfloat16()),
                 Behind(y, begin * plan.output_stride(), plan.bfloat16()), workspace.data());
    after(begin, count);
  }
}

void BackwardInChunks(const ConvPlan& plan, const ConvGradients& g,
                      absl::FunctionRef<const void*(int64_t begin, int64_t count, void* room)> dy) {
  constexpr auto kData = ConvPlan::Pass::kBackwardData, kWeights = ConvPlan::Pass::kBackwardWeights;
  Tensor room = Tensor::Uninitialized({plan.chunk() * plan.output_stride()},
                                      plan.bfloat16() ? DType::kBfloat16 : DType::kFloat32);
  Tensor data, weights;
  if (g.dx != nullptr) {
    data = Workspace(plan.workspace_bytes(kData));
    plan.Prepare(kData, g.weight, data.data());
  }
  if (g.dweight != nullptr) weights = Workspace(plan.workspace_bytes(kWeights));
  const int64_t n = plan.shape().n;
  for (int64_t begin = 0; begin < n; begin += plan.chunk()) {
    const int64_t count = std::min(plan.chunk(), n - begin), at = begin * plan.input_stride();
    const void* chunk = dy(begin, count, room.elements());
    if (g.dweight != nullptr)
      plan.BackwardWeights(count, Behind(g.x, at, plan.bfloat16()), chunk, begin == 0,
                           weights.data());
    if (g.dx != nullptr) {
      plan.BackwardData(count, chunk, Behind(g.dx, at, plan.bfloat16()), g.add_to_dx, data.data());
    }
  }
  if (g.dweight != nullptr) plan.FinishBackwardWeights(g.dweight, g.add_to_dweight, weights.data());
}

}  // namespace pretext::conv_internal
