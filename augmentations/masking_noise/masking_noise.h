// MaskingNoise: sets random values of an image or vector to 0.
#pragma once

#include <memory>

#include "augmentations/masking_noise/masking_noise.pb.h"
#include "core/augmentation.h"

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
