#include "augmentations/random_erasing/random_erasing.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "augmentations/image_sample/image_sample.h"
#include "base/random/random_fill.h"
#include "core/plugin/plugin.h"
#include "kernels/image/geometry.h"

namespace pretext {

namespace {

constexpr int kAttempts = 10;

void FillWithNoise(float* image, const ImageShape& shape, const CropBox& box, Random& random) {
  for (int c = 0; c < shape.channels; ++c, image += shape.plane()) {
    for (int y = box.top; y < box.top + box.height; ++y) {
      FillNormal(random, image + int64_t{y} * shape.width + box.left, box.width);
    }
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Augmentation>> RandomErasingAugmentation::Create(
    const RandomErasing& config, const BuildContext& context) {
  FieldChecker check;
  const BoxRange range{config.min_area(), config.max_area(), config.min_aspect(),
                       config.max_aspect()};
  CheckProbability(config.probability(), check);
  CheckBoxRange(range, check);
  check.That(!config.noise() || config.value_size() == 0, "noise",
             "excludes value: give one of them");
  for (int i = 0; i < config.value_size(); ++i) {
    check.Finite(absl::StrCat("value[", i, "]"), config.value(i));
  }
  if (CheckImage(context, check)) {
    check.That(config.value_size() <= 1 || config.value_size() == context.input.channels, "value",
               absl::StrCat("must be one number, or one a channel (", context.input.channels,
                            "); there are ", config.value_size()));
  }
  if (!check.ok()) return check.status();
  std::array<float, 3> value{};
  for (int c = 0; c < 3 && config.value_size() > 0; ++c) {
    value[c] = config.value(std::min(c, config.value_size() - 1));
  }
  FlowType output = context.input;
  for (const float erased : value) output = WithValue(output, erased);
  if (config.noise()) output = output.WithRange(ValueRange());
  return std::make_unique<RandomErasingAugmentation>(output, config.probability(), range, value,
                                                     config.noise());
}

void RandomErasingAugmentation::Change(Sample& sample, Random& random) const {
  const ImageShape shape = ImageShapeOf(sample.type);
  const auto box = SampleBox(range_, kAttempts, shape.height, shape.width, random);
  if (!box) return;
  if (noise_) {
    FillWithNoise(sample.values.data(), shape, *box, random);
  } else {
    Erase(sample.values.data(), shape, *box, value_.data());
  }
}

PRETEXT_REGISTER_AUGMENTATION(RandomErasingAugmentation, RandomErasing);

}  // namespace pretext
