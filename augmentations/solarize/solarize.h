// Solarize: inverts the bright pixels of an image, with a probability.
#pragma once

#include <memory>

#include "augmentations/solarize/solarize.pb.h"
#include "core/augmentation.h"

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
