// SaltAndPepper: sets random values of an image or vector to black or white (Vincent et al. 2010,
// section 3.3).
//
//   y_i = high with probability p s, low with probability p (1 - s), else x_i
//
// where p is `probability` and s is `salt`; independently for every value. Input and output: image
// C×H×W of any channels, or vector D. Draws: the key of a stream of its own
// (base/random/random_fill.h), from which one number a value comes.
#pragma once

#include <memory>

#include "augmentations/salt_and_pepper/salt_and_pepper.pb.h"
#include "core/plugin/augmentation.h"

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
