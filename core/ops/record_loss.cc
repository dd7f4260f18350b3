#include "core/ops/record_loss.h"

#include <utility>

namespace pretext {

Var RecordLoss(Tape& tape, const char* operation, double loss, Var input, Tensor gradient) {
  return tape.Record(operation, Tensor::Full({}, static_cast<float>(loss)), {input},
                     [&tape, input, gradient = std::move(gradient)](const Tensor& dy) mutable {
                       // 1 unless the loss is weighted or seeded by hand.
                       if (const float seed = dy.item(); seed != 1) {
                         float* g = gradient.data();
                         for (int64_t i = 0; i < gradient.size(); ++i) g[i] *= seed;
                       }
                       tape.AddGradient(input, std::move(gradient));
                     });
}

}  // namespace pretext
