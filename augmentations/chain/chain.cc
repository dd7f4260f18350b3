#include "augmentations/chain/chain.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/plugin/registry.h"

namespace pretext {

AugmentationChain::AugmentationChain(
    const google::protobuf::RepeatedPtrField<google::protobuf::Any>& configs,
    const std::string& field, const BuildContext& context, FieldChecker& check)
    : output_(context.input) {
  BuildContext at = context;
  for (int i = 0; i < configs.size(); ++i) {
    auto part = Registry<Augmentation>::Create(configs[i], at);
    if (check.Nested(absl::StrCat(field, "[", i, "]"), part.status())) {
      at.input = output_ = (*part)->output();
      parts_.push_back(*std::move(part));
    } else {
      at.input = output_ = FlowType();  // Unknown: the later ones check their configs alone.
    }
  }
}

bool AugmentationChain::is_random() const {
  return std::any_of(parts_.begin(), parts_.end(),
                     [](const auto& part) { return part->is_random(); });
}

void AugmentationChain::Apply(Sample& sample, Random& random) const {
  for (const auto& part : parts_) part->Apply(sample, random);
}

void AugmentationChain::ApplyInEvaluation(Sample& sample) const {
  for (const auto& part : parts_) part->ApplyInEvaluation(sample);
}

}  // namespace pretext
