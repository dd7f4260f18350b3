// Sketch: Signum (Bernstein et al. 2018, "signSGD", algorithm 2).
//
//   v = μ v + (1 - μ) g
//   w -= η sign(v)
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "core/plugin/plugin.h"
#include "optimizers/stateful/stateful_optimizer.h"

namespace custom {

class Sketch;  // the config, sketch.proto

class SketchOptimizer : public pretext::StatefulOptimizer {
 public:
  // Faults: a rate that is not positive, a momentum outside [0, 1).
  static absl::StatusOr<std::unique_ptr<pretext::Optimizer>> Create(
      const Sketch& config, const pretext::BuildContext& context);
  // A buffer like each parameter, which checkpoints keep: v.
  SketchOptimizer(float learning_rate, float momentum)
      : StatefulOptimizer(learning_rate, {"momentum"}), momentum_(momentum) {}

  void Step(int64_t step, double learning_rate, double gradient_scale) override;

 private:
  const float momentum_;
};

}  // namespace custom
