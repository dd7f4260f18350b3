// RandomErasing: erases a random rectangle of an image, with a probability (Zhong et al. 2020,
// "Random erasing data augmentation"; torchvision.transforms.RandomErasing).
//
//   area     U[min_area, max_area] of the image
//   aspect   width / height, exp(U[log min_aspect, log max_aspect])
//   place    uniform over all that keep it inside
//
// Input and output: image C×H×W of 1 or 3 channels. In the rectangle: a constant a channel, or
// standard normal noise, a value for each pixel and channel.
//
// Draws: one for whether to act; up to ten times area and aspect, until a rectangle fits (else
// nothing is erased); two for its place; then noise, a row of a channel at a time.
#pragma once

#include <array>
#include <memory>

#include "augmentations/image_sample/image_sample.h"
#include "augmentations/occasional/occasional.h"
#include "augmentations/random_erasing/random_erasing.pb.h"

namespace pretext {

class RandomErasingAugmentation : public OccasionalAugmentation {
 public:
  static absl::StatusOr<std::unique_ptr<Augmentation>> Create(const RandomErasing& config,
                                                              const BuildContext& context);

  RandomErasingAugmentation(const FlowType& type, float probability, const BoxRange& range,
                            const std::array<float, 3>& value, bool noise)
      : OccasionalAugmentation(type, probability), range_(range), value_(value), noise_(noise) {}

 private:
  void Change(Sample& sample, Random& random) const override;

  const BoxRange range_;
  const std::array<float, 3> value_;  // By channel.
  const bool noise_;
};

}  // namespace pretext
