// MaskingNoise: sets random values of an image or vector to 0 (Vincent et al. 2010, section 3.3).
//
//   y_i = 0 with the probability, else x_i; independently for every value
//
// Input and output: image C×H×W of any channels, or vector D. Draws: the key of a stream of its own
// (base/random/random_fill.h), from which one number a value comes.
#pragma once

#include <memory>

#include "augmentations/masking_noise/masking_noise.pb.h"
#include "core/plugin/augmentation.h"

namespace pretext {

class MaskingNoiseAugmentation : public Augmentation {
 public:
  static absl::StatusOr<std::unique_ptr<Augmentation>> Create(const MaskingNoise& config,
                                                              const BuildContext& context);

  MaskingNoiseAugmentation(const FlowType& type, float probability)
      : type_(type), probability_(probability) {}

  FlowType output() const override { return type_; }
  void Apply(Sample& sample, Random& random) const override;

 private:
  const FlowType type_;
  const float probability_;
};

}  // namespace pretext
