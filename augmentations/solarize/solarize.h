// Solarize: inverts the bright pixels of an image, with a probability (Grill et al. 2020, BYOL,
// appendix B; torchvision.transforms.RandomSolarize).
//
//   y = 1 - x where x >= threshold, else x
//
// Input and output: image C×H×W of 1 or 3 channels, values in [0, 1]. Draws: one, for whether to
// act.
#pragma once

#include <memory>

#include "augmentations/occasional/occasional.h"
#include "augmentations/solarize/solarize.pb.h"

namespace pretext {

class SolarizeAugmentation : public OccasionalAugmentation {
 public:
  static absl::StatusOr<std::unique_ptr<Augmentation>> Create(const Solarize& config,
                                                              const BuildContext& context);

  SolarizeAugmentation(const FlowType& type, float probability, float threshold)
      : OccasionalAugmentation(type, probability), threshold_(threshold) {}

 private:
  void Change(Sample& sample, Random& random) const override;
  bool change_is_random() const override { return false; }

  const float threshold_;
};

}  // namespace pretext
