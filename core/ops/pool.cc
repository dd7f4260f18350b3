#include "kernels/pool/pool.h"

#include <utility>

#include "base/check/check.h"
#include "core/ops/conv_chunks.h"
#include "core/ops/image.h"

namespace pretext {

using namespace conv_internal;

Var GlobalAveragePool(Tape& tape, Var x) {
  const Tensor& input = x.value();
  PRETEXT_CHECK(input.rank() == 4, "pooling takes images");
  const ChannelOrder order = OrderOf(input, input.dim(0));
  Tensor y = Tensor::Uninitialized({input.dim(0), input.dim(1)});
  WithElements(input, [&]<class T>() { GlobalAveragePool(order, Elements<T>(input), y.data()); });
  return tape.Record("global average pooling", std::move(y), {x},
                     [&tape, x, order, layout = input.layout()](const Tensor& gradient) {
                       const Tensor dy = gradient.Plain();
                       if (Gradient dx = tape.GradientOf(x, layout); dx.wanted()) {
                         WithElements(dx.tensor(), [&]<class T>() {
                           GlobalAveragePoolBackward(order, dy.data(), dx.accumulate(),
                                                     Elements<T>(dx.tensor()));
                         });
                       }
                     });
}

Var MaxPool2d(Tape& tape, Var x, int64_t kernel, int64_t stride, int64_t padding) {
  Tensor input = x.value();
  PRETEXT_CHECK(input.rank() == 4 && padding < kernel,
                "pooling takes images, and windows with something in them");
  const MaxPoolShape shape = {input.dim(2), input.dim(3), kernel, stride, padding};
  const Shape out = {input.dim(0), input.dim(1), shape.out_height(), shape.out_width()};
  if (input.plain())
    input =
        input.InLayout(SameOrder(Layout(), input.dim(0), input.dim(1), input.dim(2), input.dim(3)));
  Tensor y = Tensor::Uninitialized(out, SameOrder(input.layout(), out[0], out[1], out[2], out[3]));
  const ChannelOrder in_order = OrderOf(input, out[0]), out_order = OrderOf(y, out[0]);
  WithElements(input, [&]<class T>() {
    MaxPool(shape, in_order, out_order, Elements<T>(input), Elements<T>(y));
  });
  Tensor result = y;
  return tape.Record("max pooling", std::move(result), {x},
                     [&tape, x, shape, in_order, out_order, input = std::move(input),
                      y = std::move(y)](const Tensor& gradient) {
                       const Tensor dy = gradient.InLayout(y.layout());
                       Tensor dx = Tensor::Uninitialized(input.shape(), input.layout());
                       WithElements(input, [&]<class T>() {
                         MaxPoolBackward(shape, in_order, out_order, Elements<T>(input),
                                         Elements<T>(y), Elements<T>(dy), Elements<T>(dx));
                       });
                       tape.AddGradient(x, std::move(dx));
                     });
}

}  // namespace pretext
