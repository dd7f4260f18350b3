#include "augmentations/horizontal_flip/horizontal_flip.h"

#include "augmentations/image_sample/image_sample.h"
#include "core/plugin/plugin.h"
#include "kernels/image/geometry.h"

namespace pretext {

absl::StatusOr<std::unique_ptr<Augmentation>> HorizontalFlipAugmentation::Create(
    const HorizontalFlip& config, const BuildContext& context) {
  FieldChecker check;
  CheckProbability(config.probability(), check);
  CheckImage(context, check);
  if (!check.ok()) return check.status();
  return std::make_unique<HorizontalFlipAugmentation>(context.input, config.probability());
}

void HorizontalFlipAugmentation::Change(Sample& sample, Random&) const {
  FlipHorizontally(sample.values.data(), ImageShapeOf(sample.type));
}

PRETEXT_REGISTER_AUGMENTATION(HorizontalFlipAugmentation, HorizontalFlip);

}  // namespace pretext
