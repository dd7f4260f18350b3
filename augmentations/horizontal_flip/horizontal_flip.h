// HorizontalFlip: mirrors an image left to right, with a probability
// (torchvision.transforms.RandomHorizontalFlip).
//
//   y[c, i, j] = x[c, i, W - 1 - j]
//
// Input and output: image C×H×W of 1 or 3 channels. Draws: one, for whether to act.
#pragma once

#include <memory>

#include "augmentations/horizontal_flip/horizontal_flip.pb.h"
#include "augmentations/occasional/occasional.h"

namespace pretext {

class HorizontalFlipAugmentation : public OccasionalAugmentation {
 public:
  static absl::StatusOr<std::unique_ptr<Augmentation>> Create(const HorizontalFlip& config,
                                                              const BuildContext& context);

  HorizontalFlipAugmentation(const FlowType& type, float probability)
      : OccasionalAugmentation(type, probability) {}

 private:
  void Change(Sample& sample, Random& random) const override;
  bool change_is_random() const override { return false; }
};

}  // namespace pretext
