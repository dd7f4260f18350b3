#include "core/plugin/check_flow.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace pretext {

bool CheckFlow(const FlowType& given, std::initializer_list<FlowType::Kind> kinds,
               absl::string_view sentence, FieldChecker& check) {
  const bool fits = given.is(FlowType::Kind::kNothing) ||
                    std::find(kinds.begin(), kinds.end(), given.kind) != kinds.end();
  if (fits && given.masked_patches()) {
    return check.Shape(false,
                       absl::StrCat(sentence, " ", given.ToString(),
                                    ", and knows of no masks: PatchMasking stands last among "
                                    "the augmentations, before an encoder that reads the "
                                    "patches that are left, such as VisionTransformer"));
  }
  return check.Shape(fits, absl::StrCat(sentence, " ", given.ToString()));
}

void CheckMaskedPatches(const FlowType& view, absl::string_view does, FieldChecker& check) {
  check.Shape(
      view.is(FlowType::Kind::kNothing) || view.masked_patches(),
      absl::StrCat(does, " masked patches, and there are none: the views end in ", view.ToString(),
                   ". Put views { augmentation { [type.googleapis.com/pretext.PatchMasking] "
                   "{} } } last"));
}

}  // namespace pretext
