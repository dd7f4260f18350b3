#include "core/ops/normalization.h"

#include <algorithm>
#include <utility>

#include "base/check/check.h"
#include "core/group/block_statistics.h"
#include "core/ops/conv_chunks.h"
#include "kernels/conv/bias_activation.h"

namespace pretext::conv_internal {

Normalization::Normalization(Tape& tape, const BatchNormLayer& layer, const ForwardContext& context,
                             const Tensor& z, bool relu)
    : batch_statistics(context.training && !layer.frozen()),
      block(batch_statistics && context.synchronises() ? context.block : nullptr),
      updates(context.writes_shared() && (tape.recording() || context.update_statistics)),
      groups(batch_statistics ? Groups(context, z.dim(0)) : 1),
      rows(z.dim(0) / groups),
      order(OrderOf(z, rows)),
      relu(relu),
      gamma(layer.scale != nullptr ? tape.Use(*layer.scale) : Var()),
      beta(layer.shift != nullptr ? tape.Use(*layer.shift) : Var()),
      mean(Tensor::Uninitialized({groups, order.channels})),
      inverse_deviation(Tensor::Uninitialized({groups, order.channels})) {
  if (batch_statistics) return;
  std::copy_n(layer.running_mean->value.data(), order.channels, mean.data());
  InverseDeviation(order.channels, layer.running_variance->value.data(), layer.epsilon,
                   inverse_deviation.data());
}

int64_t Normalization::Groups(const ForwardContext& context, int64_t rows) {
  if (context.batch_norm != BatchNormScope::kPerView) return 1;
  PRETEXT_CHECK(context.views > 0 && rows % context.views == 0, "as many rows in each view");
  return context.views;
}

BatchNormParameters Normalization::Parameters(int64_t group) const {
  return {.mean = mean.data() + group * order.channels,
          .inverse_deviation = inverse_deviation.data() + group * order.channels,
          .gamma = gamma.defined() ? gamma.value().data() : nullptr,
          .beta = beta.defined() ? beta.value().data() : nullptr};
}

void Normalization::Finish(const BatchNormLayer& layer, int64_t group, const Tensor& partials) {
  const int64_t channels = order.channels;
  Tensor variance = Tensor::Uninitialized({channels});
  float* const m = mean.data() + group * channels;
  FinishBatchNormMoments(order, partials.data(), m, variance.data());
  count = block == nullptr ? order.count()
                           : MergeMoments(*block, channels, order.count(), m, variance.data());
  InverseDeviation(channels, variance.data(), layer.epsilon,
                   inverse_deviation.data() + group * channels);
  if (updates) {
    UpdateRunningStatistics(channels, count, layer.momentum, m, variance.data(),
                            layer.running_mean->value.data(), layer.running_variance->value.data());
  }
}

void Normalization::Moments(int64_t group, int64_t begin, int64_t count, const Tensor& z,
                            Tensor& partials) const {
  WithElements(z, [&]<class T>() {
    BatchNormMoments(order, begin, count, Elements<T>(z) + At(group) + begin * order.sample_stride,
                     partials.data());
  });
}

void Normalization::Forward(int64_t group, int64_t at, int64_t count, const Tensor& z,
                            const Tensor& residual, Tensor& y) const {
  ChannelOrder part = order;
  part.samples = count;
  WithElements(z, [&]<class T>() {
    BatchNormForward(part, Parameters(group), Elements<T>(z) + at,
                     residual.defined() ? Elements<T>(residual) + at : nullptr, relu,
                     Elements<T>(y) + at);
  });
}

NormalizationBackward::NormalizationBackward(Tape& tape, const Normalization& norm, const Tensor& z,
                                             const Tensor& y, const Tensor& dy, Var residual)
    : tape(tape), norm(norm), z(z), y(y), gradient(dy), residual(residual) {
  mask = !norm.relu           ? BatchNormMask::kNone
         : residual.defined() ? BatchNormMask::kOutput
                              : BatchNormMask::kRecompute;
  const bool wants = residual.defined() && residual.requires_gradient();
  if (wants && norm.relu) masked = Tensor::Uninitialized(dy.shape(), dy.layout());
  sums = Tensor::Uninitialized({2, norm.order.channels});
  partials = Tensor::Uninitialized({static_cast<int64_t>(BatchNormPartials(norm.order))});
  dgamma = tape.GradientOf(norm.gamma);
  dbeta = tape.GradientOf(norm.beta);
}

void NormalizationBackward::Sums(int64_t group) {
  const int64_t at = norm.At(group), channels = norm.order.channels;
  WithElements(z, [&]<class T>() {
    BatchNormGradientSums(norm.order, 0, norm.order.samples, norm.Parameters(group), mask,
                          Elements<T>(z) + at, y.defined() ? Elements<T>(y) + at : nullptr,
                          Elements<T>(gradient) + at,
                          masked.defined() ? Elements<T>(masked) + at : nullptr, partials.data());
  });
  FinishBatchNormGradientSums(norm.order, norm.Parameters(group), partials.data(), sums.data(),
                              sums.data() + channels);
  Add(dgamma, sums.data(), group > 0);
  Add(dbeta, sums.data() + channels, group > 0);
  if (norm.block == nullptr) return;
  // The kernel divides by the rows that are here, the statistics are of all blocks'.
  SumOverBlocks(*norm.block, 2 * channels, sums.data());
  const auto share =
      static_cast<float>(static_cast<double>(norm.order.count()) / static_cast<double>(norm.count));
  for (int64_t i = 0; i < 2 * channels; ++i) sums.data()[i] *= share;
}

void NormalizationBackward::Data(int64_t group, int64_t at, int64_t count, void* dz) {
  const bool past = masked.defined();  // past the ReLU already
  const float* const sum = norm.batch_statistics ? sums.data() : nullptr;
  WithElements(z, [&]<class T>() {
    BatchNormBackward(norm.order, count, norm.Parameters(group), past ? BatchNormMask::kNone : mask,
                      Elements<T>(z) + at, y.defined() ? Elements<T>(y) + at : nullptr,
                      Elements<T>(past ? masked : gradient) + at, sum,
                      sum != nullptr ? sum + norm.order.channels : nullptr, static_cast<T*>(dz));
  });
}

void NormalizationBackward::GiveResidual() {
  if (residual.defined()) tape.AddGradient(residual, masked.defined() ? masked : gradient);
}

void NormalizationBackward::Add(Gradient& target, const float* values, bool again) {
  if (!target.wanted()) return;
  const bool accumulate = target.accumulate() || again;
  for (int64_t c = 0; c < norm.order.channels; ++c) {
    target.data()[c] = (accumulate ? target.data()[c] : 0.0f) + values[c];
  }
}

Tensor ResidualOf(Var residual, const Tensor& z) {
  if (!residual.defined()) return Tensor();
  PRETEXT_CHECK(residual.shape() == z.shape(), "a residual of another shape");
  return residual.value().InLayout(z.layout());
}

bool Fused(Activation activation) {
  return activation == Activation::kIdentity || activation == Activation::kRelu;
}

Var ActivateChannels(Tape& tape, Var x, Activation activation) {
  Tensor input = x.value();
  const ChannelOrder order = OrderOf(input, input.dim(0));
  Tensor y = Tensor::Uninitialized(input.shape(), input.layout());
  if (input.layout().padded()) y.Zero();
  WithElements(input, [&]<class T>() {
    ChannelBiasActivation(order, order.samples, activation, Elements<T>(input), nullptr, nullptr,
                          Elements<T>(y));
  });
  Tensor saved = DerivativeFromOutput(activation) ? y : std::move(input);
  return tape.Record(
      "activation", std::move(y), {x},
      [&tape, x, order, activation, saved = std::move(saved)](const Tensor& gradient) {
        const Tensor dy = gradient.InLayout(saved.layout());
        Tensor dx = Tensor::Uninitialized(saved.shape(), saved.layout());
        WithElements(saved, [&]<class T>() {
          ChannelBiasActivationBackward(order, 0, order.samples, activation, Elements<T>(saved),
                                        Elements<T>(dy), Elements<T>(dx), nullptr);
        });
        tape.AddGradient(x, std::move(dx));
      });
}

}  // namespace pretext::conv_internal
