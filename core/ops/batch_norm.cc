#include "core/ops/batch_norm.h"

#include <utility>

#include "core/ops/conv_chunks.h"
#include "core/ops/normalization.h"

namespace pretext {
namespace {

using namespace conv_internal;

// In an order that can be walked by channels.
Tensor Walkable(const Tensor& x) {
  if (ChannelOrderOf(x.layout(), x.shape().begin(), x.rank(), x.dim(0)).valid()) return x;
  return x.InLayout(ChannelsLast(x.dim(0), x.dim(1), x.dim(2), x.dim(3)));
}

}  // namespace

BatchNormLayer BatchNormLayer::Declare(ParameterSet& set, const std::string& name, int64_t channels,
                                       float scale, bool with_shift, bool with_scale) {
  set.AddBatchStatistics(0);
  BatchNormLayer layer;
  if (with_scale)
    layer.scale =
        set.Add(name + ".weight", Role::kNormScale, {channels}, Initializer::Constant(scale));
  if (with_shift)
    layer.shift = set.Add(name + ".bias", Role::kNormShift, {channels}, Initializer::Constant(0));
  layer.running_mean = set.AddBuffer(name + ".running_mean", {channels}, 0);
  layer.running_variance = set.AddBuffer(name + ".running_var", {channels}, 1);
  return layer;
}

Var BatchNorm(Tape& tape, Var x, const BatchNormLayer& layer, const ForwardContext& context,
              Activation activation, Var residual) {
  if (!Fused(activation)) {
    return ActivateChannels(
        tape, BatchNorm(tape, x, layer, context, Activation::kIdentity, residual), activation);
  }
  const bool relu = activation == Activation::kRelu;
  Tensor z = Walkable(x.value());
  const Tensor add = ResidualOf(residual, z);
  Normalization norm(tape, layer, context, z, relu);
  Tensor y = Tensor::Uninitialized(z.shape(), z.layout());
  Tensor partials = Tensor::Uninitialized({static_cast<int64_t>(BatchNormPartials(norm.order))});
  for (int64_t group = 0; group < norm.groups; ++group) {
    if (norm.batch_statistics) {
      norm.Moments(group, 0, norm.order.samples, z, partials);
      norm.Finish(layer, group, partials);
    }
    norm.Forward(group, norm.At(group), norm.order.samples, z, add, y);
  }
  const Var gamma = norm.gamma, beta = norm.beta;
  Tensor kept_y = relu && residual.defined() ? y : Tensor();
  return tape.Record("batch normalisation", std::move(y), {x, gamma, beta, residual},
                     [&tape, x, residual, norm = std::move(norm), z = std::move(z),
                      y = std::move(kept_y)](const Tensor& gradient) {
                       const Tensor dy = gradient.InLayout(z.layout());
                       NormalizationBackward backward(tape, norm, z, y, dy, residual);
                       Tensor dz = Tensor::Uninitialized(z.shape(), z.layout());
                       for (int64_t group = 0; group < norm.groups; ++group) {
                         backward.Sums(group);
                         backward.Data(
                             group, norm.At(group), norm.order.samples,
                             Behind(dz.elements(), norm.At(group), dz.dtype() == DType::kBfloat16));
                       }
                       backward.GiveResidual();
                       tape.AddGradient(x, std::move(dz));
                     });
}

}  // namespace pretext
