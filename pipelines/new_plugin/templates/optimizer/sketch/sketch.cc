#include "pipelines/new_plugin/templates/optimizer/sketch/sketch.h"

#include "pipelines/new_plugin/templates/optimizer/sketch/sketch.pb.h"

namespace custom {

absl::StatusOr<std::unique_ptr<pretext::Optimizer>> SketchOptimizer::Create(
    const Sketch& config, const pretext::BuildContext&) {
  pretext::FieldChecker check;
  check.Positive("learning_rate", config.learning_rate());
  check.InHalfOpenRange("momentum", config.momentum(), 0, 1);
  if (!check.ok()) return check.status();
  return std::make_unique<SketchOptimizer>(config.learning_rate(), config.momentum());
}

void SketchOptimizer::Step(int64_t, double learning_rate, double gradient_scale) {
  const auto rate = static_cast<float>(learning_rate);
  const auto part = (1 - momentum_) * static_cast<float>(gradient_scale);
  // Blocks of elements of every parameter that has a gradient, on all threads.
  ForEachBlock([&](size_t i, int64_t begin, int64_t end) {
    Slot& slot = slots()[i];
    const float* gradient = slot.parameter->gradient.data();
    float* v = slot.buffers[0].data();
    float* w = slot.parameter->value.data();
    for (int64_t k = begin; k < end; ++k) {
      v[k] = momentum_ * v[k] + part * gradient[k];
      w[k] -= rate * static_cast<float>((v[k] > 0) - (v[k] < 0));
    }
  });
}

PRETEXT_REGISTER_OPTIMIZER(SketchOptimizer, Sketch);

}  // namespace custom
