#include "augmentations/random_grayscale/random_grayscale.h"

#include "augmentations/image_sample/image_sample.h"
#include "core/plugin/plugin.h"
#include "kernels/image/color.h"

namespace pretext {

absl::StatusOr<std::unique_ptr<Augmentation>> RandomGrayscaleAugmentation::Create(
    const RandomGrayscale& config, const BuildContext& context) {
  FieldChecker check;
  CheckProbability(config.probability(), check);
  CheckImage(context, check);
  if (!check.ok()) return check.status();
  return std::make_unique<RandomGrayscaleAugmentation>(context.input, config.probability());
}

void RandomGrayscaleAugmentation::Change(Sample& sample, Random&) const {
  Grayscale(sample.values.data(), ImageShapeOf(sample.type));
}

PRETEXT_REGISTER_AUGMENTATION(RandomGrayscaleAugmentation, RandomGrayscale);

}  // namespace pretext
