// Solarize: inverts the bright pixels of an image, with a probability (Grill et al. 2020, BYOL,
// appendix B; torchvision.transforms.RandomSolarize).
//
//   y = 1 - x where x >= threshold, else x
//
// Input and output: image C×H×W of 1 or 3 channels, values in [0, 1]. Draws: one, for whether to
// act.
#pragma once

#include <memory>

#include "augmentations/solarize/solarize.pb.h"
#include "core/plugin/augmentation.h"

namespace pretext {

class SolarizeAugmentation : public Augmentation {
 public:
  static absl::StatusOr<std::unique_ptr<Augmentation>> Create(const Solarize& config,
                                                              const BuildContext& context);

  SolarizeAugmentation(const FlowType& type, float probability, float threshold)
      : type_(type), probability_(probability), threshold_(threshold) {}

  FlowType output() const override { return type_; }
  void Apply(Sample& sample, Random& random) const override;

 private:
  const FlowType type_;
  const float probability_, threshold_;
};

}  // namespace pretext
