// RandomResizedCrop: a random rectangle of the image, resized.
#pragma once

#include <memory>

#include "augmentations/image_sample/image_sample.h"
#include "augmentations/random_resized_crop/random_resized_crop.pb.h"
#include "core/augmentation.h"

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
