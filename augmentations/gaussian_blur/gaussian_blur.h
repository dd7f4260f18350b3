// GaussianBlur: blurs an image by a random width, with a probability (Chen et al. 2020, appendix A;
// simclr:data_util.py, random_blur; torchvision.transforms.GaussianBlur).
//
//   y = x * w,   w[k, l] ∝ exp(-(k² + l²) / (2 σ²)) for |k|, |l| <= radius,   σ = U[min, max]
//
// Input and output: image C×H×W of 1 or 3 channels; σ in pixels; the border is reflected
// (kernels/image/blur.h). Kernel of SimCLR: a tenth of the height, made odd, at least 3.
//
// Draws: one for whether to act; one for σ.
#pragma once

#include <memory>

#include "augmentations/gaussian_blur/gaussian_blur.pb.h"
#include "augmentations/occasional/occasional.h"

namespace pretext {

class GaussianBlurAugmentation : public OccasionalAugmentation {
 public:
  static absl::StatusOr<std::unique_ptr<Augmentation>> Create(const GaussianBlur& config,
                                                              const BuildContext& context);

  GaussianBlurAugmentation(const FlowType& type, float probability, int radius, float min_sigma,
                           float max_sigma)
      : OccasionalAugmentation(type, probability),
        radius_(radius),
        min_sigma_(min_sigma),
        max_sigma_(max_sigma) {}

 private:
  void Change(Sample& sample, Random& random) const override;

  const int radius_;  // The kernel has 2 radius + 1 pixels a side.
  const float min_sigma_, max_sigma_;
};

}  // namespace pretext
