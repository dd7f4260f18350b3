#include "augmentations/one_of/one_of.h"

#include "absl/strings/str_cat.h"
#include "core/plugin/plugin.h"

namespace pretext {

absl::StatusOr<std::unique_ptr<Augmentation>> OneOfAugmentation::Create(
    const OneOf& config, const BuildContext& context) {
  FieldChecker check;
  std::vector<Choice> choices;
  double total = 0;
  for (int i = 0; i < config.choice_size(); ++i) {
    const std::string field = absl::StrCat("choice[", i, "]");
    const float weight = config.choice(i).weight();
    check.NotNegative(field + ".weight", weight);
    AugmentationChain chain(config.choice(i).augmentation(), field + ".augmentation", context,
                            check);
    if (!(weight > 0)) continue;
    total += weight;
    choices.push_back({total, std::move(chain)});
  }
  check.That(!choices.empty(), "choice", "is missing: give at least one with a weight above 0");
  if (!check.ok()) return check.status();
  for (Choice& choice : choices) {
    choice.bound /= total;
    const FlowType &first = choices.front().chain.output(), &other = choice.chain.output();
    check.Shape(first == other, absl::StrCat("all choices must give the same; they give ",
                                             first.ToString(), " and ", other.ToString()));
  }
  if (!check.ok()) return check.status();
  FlowType output = choices.front().chain.output();
  for (const Choice& choice : choices) output = output.WithValuesOf(choice.chain.output());
  return std::make_unique<OneOfAugmentation>(output, std::move(choices));
}

void OneOfAugmentation::Apply(Sample& sample, Random& random) const {
  const double place = random.Uniform();
  size_t i = 0;
  while (i + 1 < choices_.size() && place >= choices_[i].bound) ++i;
  choices_[i].chain.Apply(sample, random);
}

PRETEXT_REGISTER_AUGMENTATION(OneOfAugmentation, OneOf);

}  // namespace pretext
