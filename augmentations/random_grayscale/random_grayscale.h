// RandomGrayscale: removes the colour of an image, with a probability (Chen et al. 2020,
// appendix A; torchvision.transforms.RandomGrayscale).
//
//   y_c = 0.2989 R + 0.587 G + 0.114 B for every channel c
//
// Input and output: image C×H×W of 1 or 3 channels; one of a single channel stays as it is. Draws:
// one, for whether to act.
#pragma once

#include <memory>

#include "augmentations/occasional/occasional.h"
#include "augmentations/random_grayscale/random_grayscale.pb.h"

namespace pretext {

class RandomGrayscaleAugmentation : public OccasionalAugmentation {
 public:
  static absl::StatusOr<std::unique_ptr<Augmentation>> Create(const RandomGrayscale& config,
                                                              const BuildContext& context);

  RandomGrayscaleAugmentation(const FlowType& type, float probability)
      : OccasionalAugmentation(type, probability) {}

 private:
  void Change(Sample& sample, Random& random) const override;
  bool change_is_random() const override { return false; }
};

}  // namespace pretext
