// RandomGrayscale: removes the colour of an image, with a probability.
#pragma once

#include <memory>

#include "augmentations/random_grayscale/random_grayscale.pb.h"
#include "core/augmentation.h"

namespace pretext {

class RandomGrayscaleAugmentation : public Augmentation {
 public:
  static absl::StatusOr<std::unique_ptr<Augmentation>> Create(const RandomGrayscale& config,
                                                              const BuildContext& context);

  RandomGrayscaleAugmentation(const FlowType& type, float probability)
      : type_(type), probability_(probability) {}

  FlowType output() const override { return type_; }
  void Apply(Sample& sample, Random& random) const override;

 private:
  const FlowType type_;
  const float probability_;
};

}  // namespace pretext
