// ColorJitter: random brightness, contrast, saturation and hue, in random order (Chen et al. 2020,
// appendix A; simclr:data_util.py, color_jitter_rand; torchvision.transforms.ColorJitter).
//
//   brightness   x ← clip(f x)                    f = 1 + U[-brightness, brightness], at least 0
//   contrast     x ← clip(f x + (1 - f) m)        m the mean of the grey image; f likewise
//   saturation   x ← clip(f x + (1 - f) grey)     f likewise
//   hue          turned by U[-hue, hue] of the circle of HSV
//
// Input and output: image C×H×W of 1 or 3 channels, values in [0, 1]; clip is to [0, 1], after each
// (kernels/image/color.h). With one channel only brightness and contrast act.
//
// Draws, in this order: one for whether to act; three for the order, one of 24; one for each change
// whose range is above 0.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "augmentations/color_jitter/color_jitter.pb.h"
#include "augmentations/occasional/occasional.h"

namespace pretext {

enum class ColorChange : uint8_t { kBrightness, kContrast, kSaturation, kHue };

struct ColorChanges {
  std::array<ColorChange, 4> order;  // A permutation, each of the 24 equally likely.
  std::array<float, 4> amount;       // By ColorChange: three factors, and the turn of the hue.
};

// `ranges`, by ColorChange: the half-widths of the uniform distributions. One of 0 takes no random
// number, and its amount is exactly 1 (hue: 0).
ColorChanges SampleColorChanges(const std::array<float, 4>& ranges, Random& random);

class ColorJitterAugmentation : public OccasionalAugmentation {
 public:
  static absl::StatusOr<std::unique_ptr<Augmentation>> Create(const ColorJitter& config,
                                                              const BuildContext& context);

  ColorJitterAugmentation(const FlowType& type, float probability,
                          const std::array<float, 4>& ranges)
      : OccasionalAugmentation(type, probability), ranges_(ranges) {}

 private:
  void Change(Sample& sample, Random& random) const override;

  const std::array<float, 4> ranges_;  // By ColorChange.
};

}  // namespace pretext
