#include "augmentations/color_jitter/color_jitter.h"

#include <algorithm>

#include "augmentations/image_sample/image_sample.h"
#include "core/plugin/plugin.h"
#include "kernels/image/color.h"

namespace pretext {

ColorChanges SampleColorChanges(const std::array<float, 4>& ranges, Random& random) {
  ColorChanges changes{{ColorChange::kBrightness, ColorChange::kContrast, ColorChange::kSaturation,
                        ColorChange::kHue},
                       {1, 1, 1, 0}};
  for (int i = 3; i > 0; --i) std::swap(changes.order[i], changes.order[random.Below(i + 1)]);
  for (int i = 0; i < 4; ++i) {
    if (ranges[i] == 0) continue;
    const bool hue = i == static_cast<int>(ColorChange::kHue);
    const float low = hue ? -ranges[i] : std::max(0.0f, 1 - ranges[i]);
    const float high = hue ? ranges[i] : 1 + ranges[i];
    changes.amount[i] = random.Uniform(low, high);
  }
  return changes;
}

absl::StatusOr<std::unique_ptr<Augmentation>> ColorJitterAugmentation::Create(
    const ColorJitter& config, const BuildContext& context) {
  FieldChecker check;
  CheckProbability(config.probability(), check);
  check.NotNegative("brightness", config.brightness());
  check.NotNegative("contrast", config.contrast());
  check.NotNegative("saturation", config.saturation());
  check.InRange("hue", config.hue(), 0, 0.5);
  if (CheckImage(context, check)) CheckUnitRange(context, "", "clips to [0, 1]", check);
  if (!check.ok()) return check.status();
  const bool grey = context.input.channels == 1;
  return std::make_unique<ColorJitterAugmentation>(
      context.input, config.probability(),
      std::array<float, 4>{config.brightness(), config.contrast(),
                           grey ? 0.0f : config.saturation(), grey ? 0.0f : config.hue()});
}

void ColorJitterAugmentation::Change(Sample& sample, Random& random) const {
  const ImageShape shape = ImageShapeOf(sample.type);
  float* image = sample.values.data();
  const ColorChanges changes = SampleColorChanges(ranges_, random);
  for (const ColorChange change : changes.order) {
    if (ranges_[static_cast<int>(change)] == 0) continue;
    const float amount = changes.amount[static_cast<int>(change)];
    switch (change) {
      case ColorChange::kBrightness:
        AdjustBrightness(image, shape, amount);
        break;
      case ColorChange::kContrast:
        AdjustContrast(image, shape, amount);
        break;
      case ColorChange::kSaturation:
        AdjustSaturation(image, shape, amount);
        break;
      case ColorChange::kHue:
        AdjustHue(image, shape, amount);
        break;
    }
  }
}

PRETEXT_REGISTER_AUGMENTATION(ColorJitterAugmentation, ColorJitter);

}  // namespace pretext
