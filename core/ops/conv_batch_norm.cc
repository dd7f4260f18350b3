#include <utility>

#include "core/ops/batch_norm.h"
#include "core/ops/conv_chunks.h"
#include "core/ops/image.h"
#include "core/ops/normalization.h"

namespace pretext {
namespace {

using namespace conv_internal;

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
