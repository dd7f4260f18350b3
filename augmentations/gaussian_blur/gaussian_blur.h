// GaussianBlur: blurs an image by a random width, with a probability.
#pragma once

#include <memory>

#include "augmentations/gaussian_blur/gaussian_blur.pb.h"
#include "core/augmentation.h"

namespace pretext {

class GaussianBlurAugmentation : public Augmentation {
 public:
  static absl::StatusOr<std::unique_ptr<Augmentation>> Create(const GaussianBlur& config,
                                                              const BuildContext& context);

  GaussianBlurAugmentation(const FlowType& type, float probability, int radius, float min_sigma,
                           float max_sigma)
      : type_(type),
        probability_(probability),
        radius_(radius),
        min_sigma_(min_sigma),
        max_sigma_(max_sigma) {}

  FlowType output() const override { return type_; }
  void Apply(Sample& sample, Random& random) const override;

 private:
  const FlowType type_;
  const float probability_;
  const int radius_;  // The kernel has 2 radius + 1 pixels a side.
  const float min_sigma_, max_sigma_;
};

}  // namespace pretext
