#include <utility>

#include "base/check/check.h"
#include "base/parallel/parallel.h"
#include "core/ops/sequence.h"
#include "core/ops/sequence_internal.h"
#include "kernels/softmax_cross_entropy/bfloat16_softmax_cross_entropy.h"
#include "kernels/softmax_cross_entropy/softmax_cross_entropy.h"

namespace pretext {

using namespace ops_sequence_internal;  // NOLINT: its own header

Var InPrecision(Tape& tape, Var x) {
  if (tape.precision() != Precision::kBfloat16) return x;
  return tape.Record("rounding", x.value().RowMajorBfloat16(), {x},
                     [&tape, x](const Tensor& dy) { tape.AddGradient(x, dy); });
}

Var SoftmaxCrossEntropyLoss(Tape& tape, Var x, Var weight, Var bias, const Tensor& targets,
                            int64_t* correct) {
  CheckMatrix("SoftmaxCrossEntropyLoss", x);
  SoftmaxCrossEntropy kernel{
      .rows = targets.size(), .features = weight.dim(1), .vocabulary = weight.dim(0)};
  PRETEXT_CHECK(x.dim(0) == kernel.rows && x.dim(1) == kernel.features,
                "a row of scores for each target");
  kernel.x = x.value().data();
  const bool narrow = weight.value().dtype() == DType::kBfloat16;
  if (!narrow) kernel.weight = weight.value().data();
  kernel.bias = bias.defined() ? bias.value().data() : nullptr;
  kernel.targets = targets.ints();
  const double scale = kernel.rows == 0 ? 0.0 : 1.0 / static_cast<double>(kernel.rows);
  kernel.gradient_scale = static_cast<float>(scale);
  const auto gradient = [&](Var of, Target& target) {
    if (!of.defined() || !of.requires_gradient() || !tape.recording()) return Tensor();
    Tensor made = Tensor::Uninitialized(of.shape());
    target = {made.data()};
    return made;
  };
  Tensor dx = gradient(x, kernel.dx), dweight = gradient(weight, kernel.dweight),
         dbias = gradient(bias, kernel.dbias);
  const SoftmaxCrossEntropy::Result result =
      narrow ? Bfloat16SoftmaxCrossEntropy{kernel, weight.value().bfloat16s()}.Run() : kernel.Run();
  *correct = result.correct;
  Tensor loss = Tensor::Full({}, static_cast<float>(result.loss * scale));
  return tape.Record("softmax cross-entropy", std::move(loss), {x, weight, bias},
                     [&tape, x, weight, bias, dx, dweight, dbias](const Tensor& dy) mutable {
                       const float factor = dy.item();
                       for (auto [input, made] : {std::pair(x, &dx), std::pair(weight, &dweight),
                                                  std::pair(bias, &dbias)}) {
                         if (!made->defined()) continue;
                         if (factor != 1.0f) {
                           float* data = made->data();
                           ParallelElements(made->size(), [=](int64_t i) { data[i] *= factor; });
                         }
                         tape.AddGradient(input, std::move(*made));
                       }
                     });
}

}  // namespace pretext
