// Sketch: y = x + u, within [0, 1], one u ~ U[-strength, strength] for all pixels, with a
// probability.
//
// Input and output: image C×H×W, values in [0, 1]. Draws: one, for whether to act; then u.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "core/plugin/plugin.h"

namespace custom {

class Sketch;  // the config, sketch.proto

class SketchAugmentation : public pretext::Augmentation {
 public:
  // Faults: numbers outside [0, 1], an input that is no image, or one beyond [0, 1].
  static absl::StatusOr<std::unique_ptr<pretext::Augmentation>> Create(
      const Sketch& config, const pretext::BuildContext& context);
  SketchAugmentation(const pretext::FlowType& type, float probability, float strength)
      : type_(type), probability_(probability), strength_(strength) {}

  pretext::FlowType output() const override { return type_; }
  void Apply(pretext::Sample& sample, pretext::Random& random) const override;

 private:
  const pretext::FlowType type_;
  const float probability_, strength_;
};

}  // namespace custom
