#include "augmentations/solarize/solarize.h"

#include "augmentations/image_sample/image_sample.h"
#include "core/plugin/plugin.h"
#include "kernels/image/color.h"

namespace pretext {

absl::StatusOr<std::unique_ptr<Augmentation>> SolarizeAugmentation::Create(
    const Solarize& config, const BuildContext& context) {
  FieldChecker check;
  CheckProbability(config.probability(), check);
  check.InRange("threshold", config.threshold(), 0, 1);
  if (CheckImage(context, check)) {
    CheckUnitRange(context, "", "turns x into 1 - x, within [0, 1]", check);
  }
  if (!check.ok()) return check.status();
  return std::make_unique<SolarizeAugmentation>(context.input, config.probability(),
                                                config.threshold());
}

void SolarizeAugmentation::Change(Sample& sample, Random&) const {
  InvertAbove(sample.values.data(), ImageShapeOf(sample.type), threshold_);
}

PRETEXT_REGISTER_AUGMENTATION(SolarizeAugmentation, Solarize);

}  // namespace pretext
