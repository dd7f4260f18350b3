#include "core/plugin/check_flow.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace pretext {

bool CheckFlow(const FlowType& given, std::initializer_list<FlowType::Kind> kinds,
               absl::string_view sentence, FieldChecker& check) {
  const bool fits = given.is(FlowType::Kind::kNothing) ||
                    std::find(kinds.begin(), kinds.end(), given.kind) != kinds.end();
  if (fits && given.is(FlowType::Kind::kImage) && given.masked) {
    return check.Shape(false,
                       absl::StrCat(sentence, " ", given.ToString(),
                                    ", and knows of no masks: PatchMasking stands last among "
                                    "the augmentations, before an encoder that reads the "
                                    "patches that are left, such as VisionTransformer"));
  }
  return check.Shape(fits, absl::StrCat(sentence, " ", given.ToString()));
}

}  // namespace pretext
