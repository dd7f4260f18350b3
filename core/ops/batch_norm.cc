#include "kernels/batch_norm/batch_norm.h"

#include <algorithm>
#include <utility>

#include "base/check/check.h"
#include "core/group/block_statistics.h"
#include "core/ops/conv_chunks.h"
#include "core/ops/image.h"
#include "kernels/conv/bias_activation.h"

namespace pretext {
namespace {

using namespace conv_internal;

// A normalisation of one tensor: the rows in groups (all of them, or a view each) that have
// statistics of their own.
struct Normalization {
  Normalization(Tape& tape, const BatchNormLayer& layer, const ForwardContext& context,
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

  static int64_t Groups(const ForwardContext& context, int64_t rows) {
    if (context.batch_norm != BatchNormScope::kPerView) return 1;
    PRETEXT_CHECK(context.views > 0 && rows % context.views == 0, "as many rows in each view");
    return context.views;
  }

  // Elements before a group's first row.
  int64_t At(int64_t group) const { return group * order.samples * order.sample_stride; }

  BatchNormParameters Parameters(int64_t group) const {
    return {.mean = mean.data() + group * order.channels,
            .inverse_deviation = inverse_deviation.data() + group * order.channels,
            .gamma = gamma.defined() ? gamma.value().data() : nullptr,
            .beta = beta.defined() ? beta.value().data() : nullptr};
  }

  // After the moments of a group: its statistics, and the running ones where they are updated.
  void Finish(const BatchNormLayer& layer, int64_t group, const Tensor& partials) {
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
                              layer.running_mean->value.data(),
                              layer.running_variance->value.data());
    }
  }

  // The sums of samples [begin, begin + count) of a group.
  void Moments(int64_t group, int64_t begin, int64_t count, const Tensor& z,
               Tensor& partials) const {
    WithElements(z, [&]<class T>() {
      BatchNormMoments(order, begin, count,
                       Elements<T>(z) + At(group) + begin * order.sample_stride, partials.data());
    });
  }

  // y of `count` samples that start `at` elements into the tensors.
  void Forward(int64_t group, int64_t at, int64_t count, const Tensor& z, const Tensor& residual,
               Tensor& y) const {
    ChannelOrder part = order;
    part.samples = count;
    WithElements(z, [&]<class T>() {
      BatchNormForward(part, Parameters(group), Elements<T>(z) + at,
                       residual.defined() ? Elements<T>(residual) + at : nullptr, relu,
                       Elements<T>(y) + at);
    });
  }

  bool batch_statistics;
  BlockMember* block;  // that the statistics go beyond; null where they do not
  bool updates;        // the running statistics
  int64_t groups, rows;
  ChannelOrder order;  // of one group
  int64_t count = 0;   // values that a group's statistics are of
  bool relu;
  Var gamma, beta;
  Tensor mean, inverse_deviation;  // [groups, C]
};

// The way back: first the sums of a group, then dz, in pieces.
struct NormalizationBackward {
  NormalizationBackward(Tape& tape, const Normalization& norm, const Tensor& z, const Tensor& y,
                        const Tensor& dy, Var residual)
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

  void Sums(int64_t group) {
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
    const auto share = static_cast<float>(static_cast<double>(norm.order.count()) /
                                          static_cast<double>(norm.count));
    for (int64_t i = 0; i < 2 * channels; ++i) sums.data()[i] *= share;
  }

  // dz of `count` samples `at` elements into the tensors.
  void Data(int64_t group, int64_t at, int64_t count, void* dz) {
    const bool past = masked.defined();  // past the ReLU already
    const float* const sum = norm.batch_statistics ? sums.data() : nullptr;
    WithElements(z, [&]<class T>() {
      BatchNormBackward(norm.order, count, norm.Parameters(group),
                        past ? BatchNormMask::kNone : mask, Elements<T>(z) + at,
                        y.defined() ? Elements<T>(y) + at : nullptr,
                        Elements<T>(past ? masked : gradient) + at, sum,
                        sum != nullptr ? sum + norm.order.channels : nullptr, static_cast<T*>(dz));
    });
  }

  // After all groups' sums.
  void GiveResidual() {
    if (residual.defined()) tape.AddGradient(residual, masked.defined() ? masked : gradient);
  }

  void Add(Gradient& target, const float* values, bool again) {
    if (!target.wanted()) return;
    const bool accumulate = target.accumulate() || again;
    for (int64_t c = 0; c < norm.order.channels; ++c) {
      target.data()[c] = (accumulate ? target.data()[c] : 0.0f) + values[c];
    }
  }

  Tape& tape;
  const Normalization& norm;
  const Tensor &z, &y, &gradient;
  Var residual;
  BatchNormMask mask;
  Tensor masked, sums, partials;
  Gradient dgamma, dbeta;
};

// In an order that can be walked by channels.
Tensor Walkable(const Tensor& x) {
  if (ChannelOrderOf(x.layout(), x.shape().begin(), x.rank(), x.dim(0)).valid()) return x;
  return x.InLayout(ChannelsLast(x.dim(0), x.dim(1), x.dim(2), x.dim(3)));
}

Tensor ResidualOf(Var residual, const Tensor& z) {
  if (!residual.defined()) return Tensor();
  PRETEXT_CHECK(residual.shape() == z.shape(), "a residual of another shape");
  return residual.value().InLayout(z.layout());
}

bool Fused(Activation activation) {
  return activation == Activation::kIdentity || activation == Activation::kRelu;
}

// f(x) in x's order.
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

// Whether samples of `some`, a plan of `shape`, lie in memory as those of `all`, of more samples.
bool LieAlike(const ConvShape& shape, const ConvPlan& some, const ConvPlan& all) {
  const auto alike = [&](Layout of_some, Layout of_all, int64_t channels, int64_t height,
                         int64_t width) {
    if (of_all.plain() || of_some.plain()) return of_all.plain() && of_some.plain();
    return of_some == SameOrder(of_all, shape.n, channels, height, width);
  };
  return alike(some.input_layout(), all.input_layout(), shape.in_channels, shape.height,
               shape.width) &&
         alike(some.output_layout(), all.output_layout(), shape.out_channels, shape.out_height(),
               shape.out_width()) &&
         some.bfloat16() == all.bfloat16();
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

Var ConvBatchNorm(Tape& tape, Var x, Parameter& weight, const ConvOptions& options,
                  const BatchNormLayer& layer, const ForwardContext& context, Activation activation,
                  Var residual) {
  if (!Fused(activation)) {
    const Var y =
        ConvBatchNorm(tape, x, weight, options, layer, context, Activation::kIdentity, residual);
    return ActivateChannels(tape, y, activation);
  }
  const bool relu = activation == Activation::kRelu;
  ConvShape shape = ShapeOf(x.shape(), weight.shape, options, tape.precision());
  const ConvPlan& all = ConvPlan::Get(shape);
  const Var w = tape.Use(weight);
  Tensor input = x.value().InLayout(all.input_layout());
  Tensor z = Tensor::Uninitialized(
      {shape.n, shape.out_channels, shape.out_height(), shape.out_width()}, all.output_layout());
  const Tensor add = ResidualOf(residual, z);
  Normalization norm(tape, layer, context, z, relu);
  Tensor y = tape.recording() ? Tensor::Uninitialized(z.shape(), z.layout()) : z;
  shape.n = norm.rows;
  const ConvPlan& plan = ConvPlan::Get(shape);  // of one group
  // Libraries choose orders by the number of samples too.
  if (&plan != &all && !LieAlike(shape, plan, all)) {
    return BatchNorm(tape, Conv2d(tape, x, weight, nullptr, options), layer, context, activation,
                     residual);
  }
  Tensor partials = Tensor::Uninitialized({static_cast<int64_t>(BatchNormPartials(norm.order))});
  for (int64_t group = 0; group < norm.groups; ++group) {
    const int64_t first = norm.At(group);
    const bool narrow = plan.bfloat16();
    ForwardInChunks(plan, Behind(input.elements(), group * norm.rows * plan.input_stride(), narrow),
                    weight.value.data(), Behind(z.elements(), first, narrow),
                    [&](int64_t begin, int64_t count) {
                      const int64_t at = first + begin * plan.output_stride();
                      if (norm.batch_statistics) {
                        norm.Moments(group, begin, count, z, partials);
                      } else {
                        norm.Forward(group, at, count, z, add, y);
                      }
                    });
    if (norm.batch_statistics) {
      norm.Finish(layer, group, partials);
      norm.Forward(group, first, norm.rows, z, add, y);
    }
  }
  const Var gamma = norm.gamma, beta = norm.beta;
  Tensor kept_y = relu && residual.defined() ? y : Tensor();
  return tape.Record(
      "convolution and batch normalisation", std::move(y), {x, w, gamma, beta, residual},
      [&tape, &all, &plan, x, w, residual, norm = std::move(norm), input = std::move(input),
       z = std::move(z), y = std::move(kept_y)](const Tensor& gradient) {
        const Tensor dy = gradient.InLayout(z.layout());
        NormalizationBackward backward(tape, norm, z, y, dy, residual);
        Gradient dw = tape.GradientOf(w), dx = tape.GradientOf(x, all.input_layout());
        const bool narrow = plan.bfloat16();
        for (int64_t group = 0; group < norm.groups; ++group) {
          backward.Sums(group);
          const int64_t rows_before = group * norm.rows * plan.input_stride();
          BackwardInChunks(
              plan,
              {.x = Behind(input.elements(), rows_before, narrow),
               .weight = w.value().data(),
               .dx = dx.wanted() ? Behind(dx.tensor().elements(), rows_before, narrow) : nullptr,
               .add_to_dx = dx.accumulate(),
               .dweight = dw.wanted() ? dw.data() : nullptr,
               .add_to_dweight = dw.accumulate() || group > 0},
              [&](int64_t begin, int64_t count, void* room) {
                backward.Data(group, norm.At(group) + begin * plan.output_stride(), count, room);
                return room;
              });
        }
        backward.GiveResidual();
      });
}

}  // namespace pretext
