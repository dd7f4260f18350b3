#include "core/layers/folded_convolution.h"

#include <utility>

#include "base/check/check.h"
#include "kernels/batch_norm/batch_norm.h"
#include "kernels/layout/channel_order.h"
#include "kernels/matrix_units/tiles.h"

namespace pretext {
namespace {

ConvShape ShapeOf(const ConvLayer& conv, int64_t height, int64_t width) {
  const Shape& weight = conv.weight->shape;
  return {.in_channels = weight[1],
          .height = height,
          .width = width,
          .out_channels = weight[0],
          .kernel = weight[2],
          .stride = conv.options.stride,
          .padding = conv.options.padding,
          .groups = conv.options.groups,
          .bfloat16 = true};
}

PackedImages Uninitialized(int64_t samples, int64_t channels, int64_t height, int64_t width) {
  return {samples, channels, height, width,
          Tensor::Uninitialized({PackedSize(samples, channels, height * width)}, DType::kBfloat16)};
}

}  // namespace

PackedImages PackedImages::Of(const Tensor& images) {
  PRETEXT_CHECK(images.rank() == 4, "images have four dimensions");
  const Shape& s = images.shape();
  const Tensor last = images.InLayout(ChannelsLast(s[0], s[1], s[2], s[3], /*bfloat16=*/true));
  PackedImages packed = Uninitialized(s[0], s[1], s[2], s[3]);
  PackImages(s[0], s[1], packed.positions(), last.bfloat16s(), packed.tiles.bfloat16s());
  return packed;
}

Tensor PackedImages::Average() const {
  Tensor mean = Tensor::Uninitialized({samples, channels});
  AverageOfPacked(samples, channels, positions(), tiles.bfloat16s(), mean.data());
  return mean;
}

bool FoldedConvolution::Available() { return HasTiles(); }

bool FoldedConvolution::Suits(const ConvLayer& conv) {
  return conv.bias == nullptr && conv.options.groups == 1 && conv.weight->shape[0] >= kTileSide;
}

FoldedConvolution::FoldedConvolution(const ConvLayer& conv, const BatchNormLayer& norm,
                                     int64_t height, int64_t width, bool relu)
    : conv_(ShapeOf(conv, height, width)),
      relu_(relu),
      weights_(Tensor::Uninitialized({conv_.weight_elements()}, DType::kBfloat16)),
      bias_(Tensor::Zeros({conv_.bias_elements()})) {
  PRETEXT_CHECK(conv.bias == nullptr, "a convolution whose bias is its normalisation's");
  const int64_t channels = conv.weight->shape[0];
  Tensor factor = Tensor::Uninitialized({channels});
  float* const a = factor.data();
  InverseDeviation(channels, norm.running_variance->value.data(), norm.epsilon, a);
  const float* const mean = norm.running_mean->value.data();
  for (int64_t c = 0; c < channels; ++c) {
    if (norm.scale != nullptr) a[c] *= norm.scale->value.data()[c];
    bias_.data()[c] = (norm.shift != nullptr ? norm.shift->value.data()[c] : 0.0f) - mean[c] * a[c];
  }
  conv_.Prepare(conv.weight->value.data(), a, weights_.bfloat16s());
}

PackedImages FoldedConvolution::operator()(const PackedImages& x, PackedImages residual) const {
  PRETEXT_CHECK(residual.samples == x.samples && residual.channels == conv_.shape().out_channels &&
                    residual.height == out_height() && residual.width == out_width(),
                "a residual of another shape");
  return Run(x, std::move(residual));
}

PackedImages FoldedConvolution::Run(const PackedImages& x, PackedImages residual) const {
  const ConvShape& s = conv_.shape();
  PRETEXT_CHECK(x.channels == s.in_channels && x.height == s.height && x.width == s.width,
                "images of another size than the convolution was folded for");
  const bool adds = residual.tiles.defined(), in_place = adds && residual.tiles.unique();
  const Tensor kept = residual.tiles;
  PackedImages y = in_place ? std::move(residual)
                            : Uninitialized(x.samples, s.out_channels, out_height(), out_width());
  conv_.Run(x.samples, x.tiles.bfloat16s(), weights_.bfloat16s(), bias_.data(),
            adds ? kept.bfloat16s() : nullptr, relu_, y.tiles.bfloat16s());
  return y;
}

}  // namespace pretext
