#include "augmentations/gaussian_noise/gaussian_noise.h"

#include "augmentations/image_sample/image_sample.h"
#include "base/random/random_fill.h"
#include "core/plugin/plugin.h"
#include "kernels/image/color.h"

namespace pretext {

absl::StatusOr<std::unique_ptr<Augmentation>> GaussianNoiseAugmentation::Create(
    const GaussianNoise& config, const BuildContext& context) {
  FieldChecker check;
  check.NotNegative("deviation", config.deviation());
  CheckValues(context, check);
  if (config.clip()) CheckUnitRange(context, "clip", "clips to [0, 1]", check);
  if (!check.ok()) return check.status();
  const FlowType output = context.input.WithRange(config.clip() ? kUnitRange : ValueRange());
  return std::make_unique<GaussianNoiseAugmentation>(output, config.deviation(), config.clip());
}

void GaussianNoiseAugmentation::Apply(Sample& sample, Random& random) const {
  thread_local std::vector<float> noise;
  const auto n = static_cast<int64_t>(sample.values.size());
  noise.resize(n);
  FillNormal(random, noise.data(), n);
  for (int64_t i = 0; i < n; ++i) sample.values[i] += deviation_ * noise[i];
  if (clip_) Clip(sample.values.data(), n);
}

PRETEXT_REGISTER_AUGMENTATION(GaussianNoiseAugmentation, GaussianNoise);

}  // namespace pretext
