// SaltAndPepper: sets random values of an image or vector to black or white.
#pragma once

#include <memory>

#include "augmentations/salt_and_pepper/salt_and_pepper.pb.h"
#include "core/augmentation.h"

namespace pretext {

class SaltAndPepperAugmentation : public Augmentation {
 public:
  static absl::StatusOr<std::unique_ptr<Augmentation>> Create(const SaltAndPepper& config,
                                                              const BuildContext& context);

  SaltAndPepperAugmentation(const FlowType& type, float probability, float salt, float low,
                            float high)
      : type_(type), probability_(probability), salt_(salt), low_(low), high_(high) {}

  FlowType output() const override { return type_; }
  void Apply(Sample& sample, Random& random) const override;

 private:
  const FlowType type_;
  const float probability_, salt_, low_, high_;
};

}  // namespace pretext
