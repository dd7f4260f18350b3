// GaussianNoise: adds normal noise to every value of an image or vector (Vincent et al. 2010,
// section 3.3).
//
//   y_i = x_i + deviation · n_i,   n_i ~ N(0, 1)       then clipped to [0, 1] if asked for
//
// Input and output: image C×H×W of any channels, or vector D. Draws: the key of a stream of its own
// (base/random/random_fill.h), from which all n_i come.
#pragma once

#include <memory>

#include "augmentations/gaussian_noise/gaussian_noise.pb.h"
#include "core/plugin/augmentation.h"

namespace pretext {

class GaussianNoiseAugmentation : public Augmentation {
 public:
  static absl::StatusOr<std::unique_ptr<Augmentation>> Create(const GaussianNoise& config,
                                                              const BuildContext& context);

  GaussianNoiseAugmentation(const FlowType& type, float deviation, bool clip)
      : type_(type), deviation_(deviation), clip_(clip) {}

  FlowType output() const override { return type_; }
  void Apply(Sample& sample, Random& random) const override;

 private:
  const FlowType type_;
  const float deviation_;
  const bool clip_;
};

}  // namespace pretext
