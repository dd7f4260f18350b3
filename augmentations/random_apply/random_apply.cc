#include "augmentations/random_apply/random_apply.h"

#include "absl/strings/str_cat.h"
#include "augmentations/image_sample/image_sample.h"
#include "core/plugin/plugin.h"

namespace pretext {

absl::StatusOr<std::unique_ptr<Augmentation>> RandomApplyAugmentation::Create(
    const RandomApply& config, const BuildContext& context) {
  FieldChecker check;
  CheckProbability(config.probability(), check);
  check.That(config.augmentation_size() > 0, "augmentation",
             "is missing: give at least one to apply");
  AugmentationChain chain(config.augmentation(), "augmentation", context, check);
  if (!check.ok()) return check.status();
  check.Shape(chain.output() == context.input,
              absl::StrCat("must give what it takes, since it may be left out; it takes ",
                           context.input.ToString(), " and gives ", chain.output().ToString()));
  if (!check.ok()) return check.status();
  const FlowType output = chain.output().WithValuesOf(context.input);
  return std::make_unique<RandomApplyAugmentation>(output, config.probability(), std::move(chain));
}

void RandomApplyAugmentation::Apply(Sample& sample, Random& random) const {
  if (random.Bernoulli(probability_)) chain_.Apply(sample, random);
}

void RandomApplyAugmentation::ApplyInEvaluation(Sample& sample) const {
  if (probability_ > 0) chain_.ApplyInEvaluation(sample);
}

PRETEXT_REGISTER_AUGMENTATION(RandomApplyAugmentation, RandomApply);

}  // namespace pretext
