#include "pipelines/new_plugin/templates/augmentation/sketch/sketch.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "pipelines/new_plugin/templates/augmentation/sketch/sketch.pb.h"

namespace custom {

using pretext::FlowType;

absl::StatusOr<std::unique_ptr<pretext::Augmentation>> SketchAugmentation::Create(
    const Sketch& config, const pretext::BuildContext& context) {
  pretext::FieldChecker check;
  check.InRange("probability", config.probability(), 0, 1);
  check.InRange("strength", config.strength(), 0, 1);
  pretext::CheckFlow(context.input, {FlowType::Kind::kImage}, "changes images; it is given", check);
  check.Shape(
      !context.input.Leaves(pretext::kUnitRange),
      absl::StrCat("keeps pixels within [0, 1], and is given ", context.input.ToStringWithRange()));
  if (!check.ok()) return check.status();
  // What it gives may be any number from 0 to 1, whatever it was given.
  const FlowType output = context.input.WithValuesOf(context.input.WithRange(pretext::kUnitRange));
  return std::make_unique<SketchAugmentation>(output, config.probability(), config.strength());
}

void SketchAugmentation::Apply(pretext::Sample& sample, pretext::Random& random) const {
  if (!random.Bernoulli(probability_)) return;
  const float change = (2 * random.Uniform() - 1) * strength_;
  for (float& x : sample.values) x = std::clamp(x + change, 0.0f, 1.0f);
}

PRETEXT_REGISTER_AUGMENTATION(SketchAugmentation, Sketch);

}  // namespace custom
