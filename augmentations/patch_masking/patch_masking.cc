#include "augmentations/patch_masking/patch_masking.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "augmentations/patch_masking/patch_masking.pb.h"

namespace pretext {

absl::StatusOr<std::unique_ptr<Augmentation>> PatchMaskingAugmentation::Create(
    const PatchMasking& config, const BuildContext& context) {
  FieldChecker check;
  const FlowType& input = context.input;
  const bool ratio =
      check.That(config.ratio() > 0 && config.ratio() < 1, "ratio",
                 absl::StrCat("must be above 0 and below 1; it is ", config.ratio()));
  const bool image = CheckFlow(input, {FlowType::Kind::kImage}, "masks images; it is given", check);
  FlowType output = input;
  const int64_t patch = config.patch();
  if (check.Extent("patch", patch) && image && input.is(FlowType::Kind::kImage) &&
      check.That(input.height % patch == 0 && input.width % patch == 0, "patch",
                 absl::StrCat("must divide the image, ", input.height, "×", input.width, "; it is ",
                              patch)) &&
      ratio) {
    const int64_t patches = input.height / patch * (input.width / patch);
    const auto masked =
        static_cast<int64_t>(std::round(config.ratio() * static_cast<double>(patches)));
    check.That(masked > 0 && masked < patches, "ratio",
               absl::StrCat("masks ", masked, " of ", patches,
                            " patches; some must be masked and some read"));
    output = input.WithMaskedPatches(patch, patches - masked);
  }
  if (!check.ok()) return check.status();
  return std::make_unique<PatchMaskingAugmentation>(output);
}

void PatchMaskingAugmentation::Apply(Sample& sample, Random& random) const {
  std::vector<int32_t>& masked = sample.masked_patches;
  masked.clear();
  // Floyd's: for each end j, a number up to j, or j itself where that is drawn already.
  for (int64_t j = type_.kept; j < type_.tokens; ++j) {
    const auto drawn = static_cast<int32_t>(random.Below(static_cast<uint32_t>(j + 1)));
    const auto place = std::lower_bound(masked.begin(), masked.end(), drawn);
    if (place != masked.end() && *place == drawn) {
      masked.push_back(static_cast<int32_t>(j));  // above all others
    } else {
      masked.insert(place, drawn);
    }
  }
  sample.type = type_;
}

PRETEXT_REGISTER_AUGMENTATION(PatchMaskingAugmentation, PatchMasking);

}  // namespace pretext
