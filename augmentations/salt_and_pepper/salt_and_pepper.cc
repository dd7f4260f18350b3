#include "augmentations/salt_and_pepper/salt_and_pepper.h"

#include "augmentations/image_sample/image_sample.h"
#include "base/random/random_fill.h"
#include "core/plugin/plugin.h"

namespace pretext {

absl::StatusOr<std::unique_ptr<Augmentation>> SaltAndPepperAugmentation::Create(
    const SaltAndPepper& config, const BuildContext& context) {
  FieldChecker check;
  CheckProbability(config.probability(), check);
  check.InRange("salt", config.salt(), 0, 1);
  CheckRange("low", config.low(), "high", config.high(), check);
  CheckValues(context, check);
  if (!check.ok()) return check.status();
  const FlowType output = WithValue(WithValue(context.input, config.low()), config.high());
  return std::make_unique<SaltAndPepperAugmentation>(output, config.probability(), config.salt(),
                                                     config.low(), config.high());
}

void SaltAndPepperAugmentation::Apply(Sample& sample, Random& random) const {
  thread_local std::vector<float> uniform;
  const auto n = static_cast<int64_t>(sample.values.size());
  uniform.resize(n);
  FillUniform(random, uniform.data(), n);
  // One number decides both: below probability * salt it is white, up to probability black.
  const float white = probability_ * salt_;
  for (int64_t i = 0; i < n; ++i) {
    const float set = uniform[i] < white ? high_ : low_;
    sample.values[i] = uniform[i] < probability_ ? set : sample.values[i];
  }
}

PRETEXT_REGISTER_AUGMENTATION(SaltAndPepperAugmentation, SaltAndPepper);

}  // namespace pretext
