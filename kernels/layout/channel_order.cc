#include "kernels/layout/channel_order.h"

#include "kernels/layout/layout_onednn.h"

namespace pretext {
namespace {

dnnl::memory::data_type TypeOf(bool bfloat16) {
  return bfloat16 ? dnnl::memory::data_type::bf16 : dnnl::memory::data_type::f32;
}

}  // namespace

ChannelOrder ChannelOrderOf(const Layout& layout, const int64_t* dims, int rank, int64_t rows) {
  constexpr int64_t kLanes = 16;
  if (rank == 2 && layout.plain()) {
    return {.samples = 1,
            .channels = dims[1],
            .positions = rows,
            .lanes = kLanes,
            .sample_stride = rows * dims[1],
            .block_stride = kLanes,
            .position_stride = dims[1]};
  }
  if (rank != 4) return {};
  const int64_t channels = dims[1], positions = dims[2] * dims[3];
  ChannelOrder order = {.samples = rows,
                        .channels = channels,
                        .positions = positions,
                        .lanes = kLanes,
                        .sample_stride = channels * positions,
                        .block_stride = kLanes,
                        .position_stride = channels};
  if (layout.plain()) {  // planes: a block is one channel
    order.lanes = 1;
    order.block_stride = positions;
    order.position_stride = 1;
    return order;
  }
  const Blocking blocking = BlockingOf(DescriptorOf(layout, {}));
  if (!blocking.known) return {};
  const dnnl::memory::dims& strides = blocking.strides;
  if (blocking.inner.empty()) {
    const bool channels_last = strides[1] == 1 && strides[3] == channels &&
                               strides[2] == channels * dims[3] &&
                               strides[0] == channels * positions;
    return channels_last ? order : ChannelOrder{};
  }
  const auto [dimension, lanes] = blocking.inner[0];
  if (blocking.inner.size() != 1 || dimension != 1 || (lanes != 8 && lanes != 16)) return {};
  if (strides[3] != lanes || strides[2] != lanes * dims[3] || strides[1] != lanes * positions)
    return {};
  order.lanes = lanes;
  order.sample_stride = strides[0];
  order.block_stride = strides[1];
  order.position_stride = lanes;
  return order;
}

Layout SameOrder(const Layout& layout, int64_t n, int64_t channels, int64_t height, int64_t width) {
  if (layout.plain()) return ChannelsLast(n, channels, height, width);
  const Blocking blocking = BlockingOf(DescriptorOf(layout, {}));
  if (blocking.inner.empty()) {
    return ChannelsLast(n, channels, height, width, /*bfloat16=*/!layout.float32());
  }
  const auto tag = blocking.inner[0].second == 16 ? dnnl::memory::format_tag::nChw16c
                                                  : dnnl::memory::format_tag::nChw8c;
  return LayoutFrom(
      dnnl::memory::desc({n, channels, height, width}, TypeOf(!layout.float32()), tag));
}

Layout ChannelsLast(int64_t n, int64_t channels, int64_t height, int64_t width, bool bfloat16) {
  return LayoutFrom(dnnl::memory::desc({n, channels, height, width}, TypeOf(bfloat16),
                                       dnnl::memory::format_tag::nhwc));
}

}  // namespace pretext
