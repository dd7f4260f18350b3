// RandomResizedCrop: a random rectangle of the image, resized (Szegedy et al. 2015; Chen et al.
// 2020, appendix A; torchvision.transforms.RandomResizedCrop with antialias).
//
//   area     U[min_area, max_area] of the image
//   aspect   width / height, exp(U[log min_aspect, log max_aspect])
//   place    uniform over all that keep it inside
//
// Sides are rounded to pixels. Input: image C×H×W of 1 or 3 channels. Output: image of the height
// and width asked for, or the input's (kernels/image/resize.h); bicubic results are clipped to
// [0, 1].
//
// Draws: up to `attempts` times area and aspect, until a rectangle fits (else the largest central
// one of an allowed aspect is taken); two for its place.
#pragma once

#include <memory>

#include "augmentations/image_sample/image_sample.h"
#include "augmentations/random_resized_crop/random_resized_crop.pb.h"
#include "core/plugin/augmentation.h"

namespace pretext {

// The rectangle; inside the image, never empty.
CropBox SampleCrop(const BoxRange& range, int attempts, int height, int width, Random& random);

class RandomResizedCropAugmentation : public Augmentation {
 public:
  static absl::StatusOr<std::unique_ptr<Augmentation>> Create(const RandomResizedCrop& config,
                                                              const BuildContext& context);

  RandomResizedCropAugmentation(const FlowType& output, const BoxRange& range, int attempts,
                                Interpolation interpolation)
      : output_(output), range_(range), attempts_(attempts), interpolation_(interpolation) {}

  FlowType output() const override { return output_; }
  bool takes_source() const override { return true; }
  void Apply(Sample& sample, Random& random) const override;
  // The whole image, resized.
  void ApplyInEvaluation(Sample& sample) const override;

 private:
  void Resize(const CropBox& box, Sample& sample) const;

  const FlowType output_;
  const BoxRange range_;
  const int attempts_;
  const Interpolation interpolation_;
};

}  // namespace pretext
