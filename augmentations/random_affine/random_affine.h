// RandomAffine: a random rotation, shift, scale and shear of an image, with a probability
// (torchvision.transforms.RandomAffine).
//
//   y[c, q] = x[c, M⁻¹ q],   M = translation · rotation · scale · shear about the centre
//
//   rotation      U[-degrees, degrees], positive is clockwise on the screen
//   translation   round(U[-translate_x, translate_x] · W) pixels to the right, and so on down for H
//   scale         U[min_scale, max_scale]
//   shear         U[-shear_x, shear_x] and U[-shear_y, shear_y] degrees
//
// Input and output: image C×H×W of 1 or 3 channels; what comes from outside is `fill`
// (kernels/image/geometry.h).
//
// Draws: one for whether to act; then six, for rotation, shift to the right, shift down, scale,
// shear x and shear y.
#pragma once

#include <memory>

#include "augmentations/occasional/occasional.h"
#include "augmentations/random_affine/random_affine.pb.h"
#include "kernels/image/geometry.h"

namespace pretext {

struct AffineRange {
  float degrees = 0, translate_x = 0, translate_y = 0, min_scale = 1, max_scale = 1, shear_x = 0,
        shear_y = 0;  // As in the config.
};

AffineParameters SampleAffine(const AffineRange& range, int height, int width, Random& random);

class RandomAffineAugmentation : public OccasionalAugmentation {
 public:
  static absl::StatusOr<std::unique_ptr<Augmentation>> Create(const RandomAffine& config,
                                                              const BuildContext& context);

  RandomAffineAugmentation(const FlowType& type, float probability, const AffineRange& range,
                           Sampling sampling, float fill)
      : OccasionalAugmentation(type, probability),
        range_(range),
        sampling_(sampling),
        fill_(fill) {}

 private:
  void Change(Sample& sample, Random& random) const override;

  const AffineRange range_;
  const Sampling sampling_;
  const float fill_;
};

}  // namespace pretext
