#include "augmentations/masking_noise/masking_noise.h"

#include "augmentations/image_sample/image_sample.h"
#include "base/random/random_fill.h"
#include "core/plugin/plugin.h"

namespace pretext {

absl::StatusOr<std::unique_ptr<Augmentation>> MaskingNoiseAugmentation::Create(
    const MaskingNoise& config, const BuildContext& context) {
  FieldChecker check;
  CheckProbability(config.probability(), check);
  CheckValues(context, check);
  if (!check.ok()) return check.status();
  return std::make_unique<MaskingNoiseAugmentation>(WithValue(context.input, 0),
                                                    config.probability());
}

void MaskingNoiseAugmentation::Apply(Sample& sample, Random& random) const {
  thread_local std::vector<float> uniform;
  const auto n = static_cast<int64_t>(sample.values.size());
  uniform.resize(n);
  FillUniform(random, uniform.data(), n);
  for (int64_t i = 0; i < n; ++i) {
    sample.values[i] = uniform[i] < probability_ ? 0.0f : sample.values[i];
  }
}

PRETEXT_REGISTER_AUGMENTATION(MaskingNoiseAugmentation, MaskingNoise);

}  // namespace pretext
