// ColorJitter: random brightness, contrast, saturation and hue, in random order.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "augmentations/color_jitter/color_jitter.pb.h"
#include "core/augmentation.h"

namespace pretext {

enum class ColorChange : uint8_t { kBrightness, kContrast, kSaturation, kHue };

struct ColorChanges {
  std::array<ColorChange, 4> order;  // A permutation, each of the 24 equally likely.
  std::array<float, 4> amount;       // By ColorChange: three factors, and the turn of the hue.
};

// `ranges`, by ColorChange: the half-widths of the uniform distributions. One of 0 takes no random
// number, and its amount is exactly 1 (hue: 0).
ColorChanges SampleColorChanges(const std::array<float, 4>& ranges, Random& random);

class ColorJitterAugmentation : public Augmentation {
 public:
  static absl::StatusOr<std::unique_ptr<Augmentation>> Create(const ColorJitter& config,
                                                              const BuildContext& context);

  ColorJitterAugmentation(const FlowType& type, float probability,
                          const std::array<float, 4>& ranges)
      : type_(type), probability_(probability), ranges_(ranges) {}

  FlowType output() const override { return type_; }
  void Apply(Sample& sample, Random& random) const override;

 private:
  const FlowType type_;
  const float probability_;
  const std::array<float, 4> ranges_;  // By ColorChange.
};

}  // namespace pretext
