#include <utility>

#include "base/check/check.h"
#include "core/ops/conv_chunks.h"
#include "core/ops/image.h"
#include "kernels/conv/bias_activation.h"

namespace pretext {
namespace {

using namespace conv_internal;

// Bias and activation over the rows of an image tensor: what both convolutions do after their sums.
struct Epilogue {
  Activation activation;
  ChannelOrder order;
  Var bias;      // undefined without
  Tensor saved;  // what the activation's derivative is taken from

  bool does_nothing() const { return activation == Activation::kIdentity && !bias.defined(); }

  // On samples [begin, begin + count) of the sums z; y is z or another tensor, then z keeps the sum
  // with the bias.
  void Forward(int64_t begin, int64_t count, Tensor& z, Tensor& y) const {
    const int64_t at = begin * order.sample_stride;
    WithElements(z, [&]<class T>() {
      T* const sums = Elements<T>(z) + at;
      T* const out = Elements<T>(y) + at;
      ChannelBiasActivation(order, count, activation, sums,
                            bias.defined() ? bias.value().data() : nullptr,
                            sums == out ? nullptr : sums, out);
    });
  }
  // dz of the samples, in `room`. partials: for the bias's gradient, or null.
  const void* Backward(int64_t begin, int64_t count, const Tensor& dy, float* partials,
                       void* room) const {
    const int64_t at = begin * order.sample_stride;
    if (does_nothing()) return Behind(dy.elements(), at, dy.dtype() == DType::kBfloat16);
    WithElements(dy, [&]<class T>() {
      ChannelBiasActivationBackward(order, begin, count, activation,
                                    saved.defined() ? Elements<T>(saved) + at : nullptr,
                                    Elements<T>(dy) + at, static_cast<T*>(room), partials);
    });
    return room;
  }
};

// The result's tensor, given that of the sums: the same where the derivative can be taken from the
// output, or none is wanted.
Tensor ResultOf(const Tape& tape, Activation activation, const Tensor& z) {
  if (DerivativeFromOutput(activation) || !tape.recording()) return z;
  Tensor y = Tensor::Uninitialized(z.shape(), z.layout());
  if (z.layout().padded()) y.Zero();
  return y;
}

}  // namespace

Var Conv2d(Tape& tape, Var x, Parameter& weight, Parameter* bias, const ConvOptions& options,
           Activation activation) {
  const ConvShape shape = ShapeOf(x.shape(), weight.shape, options, tape.precision());
  const ConvPlan& plan = ConvPlan::Get(shape);
  const Var w = tape.Use(weight);
  Tensor input = x.value().InLayout(plan.input_layout());
  Tensor z = Tensor::Uninitialized(
      {shape.n, shape.out_channels, shape.out_height(), shape.out_width()}, plan.output_layout());
  Tensor y = ResultOf(tape, activation, z);
  Epilogue epilogue = {
      activation, OrderOf(z, shape.n), bias != nullptr ? tape.Use(*bias) : Var(), {}};
  ForwardInChunks(plan, input.elements(), weight.value.data(), z.elements(),
                  [&](int64_t begin, int64_t count) {
                    if (!epilogue.does_nothing()) epilogue.Forward(begin, count, z, y);
                  });
  if (activation != Activation::kIdentity) epilogue.saved = std::move(z);
  return tape.Record(
      "convolution", std::move(y), {x, w, epilogue.bias},
      [&tape, &plan, x, w, epilogue = std::move(epilogue),
       input = std::move(input)](const Tensor& gradient) {
        const Tensor dy = gradient.InLayout(plan.output_layout());
        Gradient dw = tape.GradientOf(w), dx = tape.GradientOf(x, plan.input_layout()),
                 db = tape.GradientOf(epilogue.bias);
        Tensor partials =
            Tensor::Uninitialized({static_cast<int64_t>(ChannelBiasPartials(epilogue.order))});
        BackwardInChunks(plan,
                         {.x = input.elements(),
                          .weight = w.value().data(),
                          .dx = dx.wanted() ? dx.tensor().elements() : nullptr,
                          .add_to_dx = dx.accumulate(),
                          .dweight = dw.wanted() ? dw.data() : nullptr,
                          .add_to_dweight = dw.accumulate()},
                         [&](int64_t begin, int64_t count, void* room) {
                           return epilogue.Backward(begin, count, dy, partials.data(), room);
                         });
        if (db.wanted())
          FinishChannelBias(epilogue.order, partials.data(), db.accumulate(), db.data());
      });
}

Var ConvTranspose2d(Tape& tape, Var x, Parameter& weight, Parameter* bias,
                    const ConvTransposeOptions& options, Activation activation) {
  // The convolution whose gradient this is: from the output here to the input here.
  const Shape out = {x.dim(0), weight.shape[1], options.out_height, options.out_width};
  const ConvShape shape = ShapeOf(
      out, weight.shape, {.stride = options.stride, .padding = options.padding}, tape.precision());
  const ConvPlan& plan = ConvPlan::Get(shape);
  PRETEXT_CHECK(x.value().rank() == 4 && x.dim(1) == shape.out_channels &&
                    x.dim(2) == shape.out_height() && x.dim(3) == shape.out_width(),
                "a transposed convolution of these options does not give the output's size");
  constexpr auto kPass = ConvPlan::Pass::kBackwardData;
  const bool narrow = plan.bfloat16();
  const Var w = tape.Use(weight);
  Tensor input = x.value().InLayout(plan.output_layout());
  Tensor z = Tensor::Uninitialized(out, plan.input_layout());
  Tensor y = ResultOf(tape, activation, z);
  Epilogue epilogue = {
      activation, OrderOf(z, shape.n), bias != nullptr ? tape.Use(*bias) : Var(), {}};
  {
    Tensor workspace = Workspace(plan.workspace_bytes(kPass));
    plan.Prepare(kPass, weight.value.data(), workspace.data());
    for (int64_t begin = 0; begin < shape.n; begin += plan.chunk()) {
      const int64_t count = std::min(plan.chunk(), shape.n - begin);
      plan.BackwardData(count, Behind(input.elements(), begin * plan.output_stride(), narrow),
                        Behind(z.elements(), begin * plan.input_stride(), narrow), false,
                        workspace.data());
      if (!epilogue.does_nothing()) epilogue.Forward(begin, count, z, y);
    }
  }
  if (activation != Activation::kIdentity) epilogue.saved = std::move(z);
  return tape.Record(
      "transposed convolution", std::move(y), {x, w, epilogue.bias},
      [&tape, &plan, x, w, narrow, epilogue = std::move(epilogue),
       input = std::move(input)](const Tensor& gradient) {
        const Tensor dy = gradient.InLayout(plan.input_layout());
        constexpr auto kForward = ConvPlan::Pass::kForward,
                       kWeights = ConvPlan::Pass::kBackwardWeights;
        Gradient dw = tape.GradientOf(w), db = tape.GradientOf(epilogue.bias);
        const bool wants_dx = x.requires_gradient();
        Tensor partials =
            Tensor::Uninitialized({static_cast<int64_t>(ChannelBiasPartials(epilogue.order))});
        Tensor room = Tensor::Uninitialized({plan.chunk() * plan.input_stride()},
                                            narrow ? DType::kBfloat16 : DType::kFloat32);
        Tensor forward, weights, dx;
        if (wants_dx) {
          dx = Tensor::Uninitialized(input.shape(), plan.output_layout());
          forward = Workspace(plan.workspace_bytes(kForward));
          plan.Prepare(kForward, w.value().data(), forward.data());
        }
        if (dw.wanted()) weights = Workspace(plan.workspace_bytes(kWeights));
        for (int64_t begin = 0; begin < plan.shape().n; begin += plan.chunk()) {
          const int64_t count = std::min(plan.chunk(), plan.shape().n - begin),
                        at = begin * plan.output_stride();
          const void* dz = epilogue.Backward(begin, count, dy, partials.data(), room.elements());
          if (dw.wanted())
            plan.BackwardWeights(count, dz, Behind(input.elements(), at, narrow), begin == 0,
                                 weights.data());
          if (wants_dx) plan.Forward(count, dz, Behind(dx.elements(), at, narrow), forward.data());
        }
        if (dw.wanted()) plan.FinishBackwardWeights(dw.data(), dw.accumulate(), weights.data());
        if (db.wanted())
          FinishChannelBias(epilogue.order, partials.data(), db.accumulate(), db.data());
        if (wants_dx) tape.AddGradient(x, std::move(dx));
      });
}

}  // namespace pretext
