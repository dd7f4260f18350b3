#include "kernels/conv/conv_primitives.h"

#include <cstring>

#include "kernels/onednn/engine.h"

namespace pretext::conv_internal {
namespace {

using dnnl::memory;

struct Geometry {
  memory::dims strides, padding;
  explicit Geometry(const ConvShape& shape)
      : strides{shape.stride, shape.stride}, padding{shape.padding, shape.padding} {}
};

dnnl::primitive_attr Attributes() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

// The forward description doubles as the hint that the gradients' descriptions ask for. Empty when
// there is no implementation.
dnnl::convolution_forward::primitive_desc DescribeForward(const ConvRequest& r) {
  const Geometry g(r.shape);
  constexpr auto kKind = dnnl::prop_kind::forward_training;
#if DNNL_VERSION_MAJOR >= 3
  return dnnl::convolution_forward::primitive_desc(OnednnEngine(), kKind, r.algorithm, r.x, r.w,
                                                   r.y, g.strides, g.padding, g.padding,
                                                   Attributes(), true);
#else
  return dnnl::convolution_forward::primitive_desc(
      {kKind, r.algorithm, r.x, r.w, r.y, g.strides, g.padding, g.padding}, Attributes(),
      OnednnEngine(), true);
#endif
}

dnnl::convolution_backward_data::primitive_desc DescribeBackwardData(
    const ConvRequest& r, const dnnl::convolution_forward::primitive_desc& forward) {
  const Geometry g(r.shape);
#if DNNL_VERSION_MAJOR >= 3
  return dnnl::convolution_backward_data::primitive_desc(OnednnEngine(), r.algorithm, r.x, r.w, r.y,
                                                         g.strides, g.padding, g.padding, forward,
                                                         Attributes(), true);
#else
  return dnnl::convolution_backward_data::primitive_desc(
      {r.algorithm, r.x, r.w, r.y, g.strides, g.padding, g.padding}, Attributes(), OnednnEngine(),
      forward, true);
#endif
}

dnnl::convolution_backward_weights::primitive_desc DescribeBackwardWeights(
    const ConvRequest& r, const dnnl::convolution_forward::primitive_desc& forward) {
  const Geometry g(r.shape);
#if DNNL_VERSION_MAJOR >= 3
  return dnnl::convolution_backward_weights::primitive_desc(OnednnEngine(), r.algorithm, r.x, r.w,
                                                            r.y, g.strides, g.padding, g.padding,
                                                            forward, Attributes(), true);
#else
  return dnnl::convolution_backward_weights::primitive_desc(
      {r.algorithm, r.x, r.w, r.y, g.strides, g.padding, g.padding}, Attributes(), OnednnEngine(),
      forward, true);
#endif
}

}  // namespace

memory::dims WeightDims(const ConvShape& s) {
  if (s.groups == 1) return {s.out_channels, s.in_channels, s.kernel, s.kernel};
  return {s.groups, s.out_channels / s.groups, s.in_channels / s.groups, s.kernel, s.kernel};
}

bool ChooseOrders(ConvRequest& request) {
  const auto forward = DescribeForward(request);
  if (!forward) return false;
  request.x = forward.src_desc();
  request.y = forward.dst_desc();
  return true;
}

bool IsFast(const ConvRequest& request, const memory::desc& dx) {
  const auto fast = [](const auto& description) {
    return description && std::strncmp(description.impl_info_str(), "ref", 3) != 0;
  };
  const auto forward = DescribeForward(request);
  ConvRequest weights = request;
  weights.w =
      memory::desc(WeightDims(request.shape), memory::data_type::f32, memory::format_tag::any);
  if (!fast(forward) || !fast(DescribeBackwardWeights(weights, forward))) return false;
  ConvRequest data = request;
  data.x = dx;
  const auto hint = DescribeForward(data);
  return hint && fast(DescribeBackwardData(data, hint));
}

bool OnednnHasWinograd() {
  static const bool has = [] {
    const auto any = [](const memory::dims& dims) {
      return memory::desc(dims, memory::data_type::f32, memory::format_tag::any);
    };
    const ConvShape shape = {64, 64, 8, 8, 64, 3, 1, 1, 1};
    return static_cast<bool>(
        DescribeForward({.shape = shape,
                         .algorithm = dnnl::algorithm::convolution_winograd,
                         .x = any({shape.n, shape.in_channels, shape.height, shape.width}),
                         .w = any(WeightDims(shape)),
                         .y = any({shape.n, shape.out_channels, shape.height, shape.width})}));
  }();
  return has;
}

int64_t OnednnLanes() {
  // A set of instructions holds the bits of those that it includes.
  const auto isa = static_cast<unsigned>(dnnl::get_effective_cpu_isa());
  const auto has = [isa](dnnl::cpu_isa needed) {
    return (isa & static_cast<unsigned>(needed)) == static_cast<unsigned>(needed);
  };
  return has(dnnl::cpu_isa::avx512_core) ? 16 : has(dnnl::cpu_isa::avx2) ? 8 : 4;
}

ConvPrimitive MakeForward(const ConvRequest& request) {
  const auto forward = DescribeForward(request);
  if (!forward) return {};
  return {dnnl::convolution_forward(forward), forward.src_desc(), forward.weights_desc(),
          forward.dst_desc(), forward.scratchpad_desc()};
}

ConvPrimitive MakeBackwardData(const ConvRequest& request) {
  const auto forward = DescribeForward(request);
  if (!forward) return {};
  const auto backward = DescribeBackwardData(request, forward);
  if (!backward) return {};
  return {dnnl::convolution_backward_data(backward), backward.diff_src_desc(),
          backward.weights_desc(), backward.diff_dst_desc(), backward.scratchpad_desc()};
}

ConvPrimitive MakeBackwardWeights(const ConvRequest& request) {
  ConvRequest of_images = request;  // whose weights are of their type
  if (request.shape.bfloat16) {
    of_images.w =
        memory::desc(WeightDims(request.shape), memory::data_type::bf16, memory::format_tag::any);
  }
  const auto forward = DescribeForward(of_images);
  if (!forward) return {};
  const auto backward = DescribeBackwardWeights(request, forward);
  if (!backward) return {};
  return {dnnl::convolution_backward_weights(backward), backward.src_desc(),
          backward.diff_weights_desc(), backward.diff_dst_desc(), backward.scratchpad_desc()};
}

}  // namespace pretext::conv_internal
