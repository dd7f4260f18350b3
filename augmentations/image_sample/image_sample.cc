#include "augmentations/image_sample/image_sample.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/plugin/check_flow.h"

namespace pretext {

ImageShape ImageShapeOf(const FlowType& type) {
  return {static_cast<int>(type.channels), static_cast<int>(type.height),
          static_cast<int>(type.width)};
}

bool CheckImage(const BuildContext& context, FieldChecker& check) {
  const FlowType& input = context.input;
  if (input.is(FlowType::Kind::kNothing)) return false;
  constexpr char kSentence[] = "changes images of 1 or 3 channels; it is given";
  if (!CheckFlow(input, {FlowType::Kind::kImage}, kSentence, check)) return false;
  return check.Shape(input.channels == 1 || input.channels == 3,
                     absl::StrCat(kSentence, " ", input.ToString()));
}

void CheckUnitRange(const BuildContext& context, const char* field, const char* why,
                    FieldChecker& check) {
  if (!context.input.Leaves(kUnitRange)) return;
  check.That(false, field,
             absl::StrCat(why, ", and is given ", context.input.ToStringWithRange(),
                          "; put it before what leaves [0, 1] (Normalize comes last), or leave the "
                          "dataset's scaling at 0 to 1"));
}

FlowType WithValue(const FlowType& type, double value) {
  return type.WithValuesOf(type.WithRange(ValueRange{value, value}));
}

void CheckImageSize(const FlowType& type, FieldChecker& check) {
  constexpr int64_t kMost = int64_t{1} << 28;
  const int64_t size = CheckedProduct({type.channels, type.height, type.width});
  check.Shape(size >= 0 && size <= kMost, absl::StrCat("makes a sample of ", type.ToString(),
                                                       ", more than ", kMost, " numbers"));
}

void CheckValues(const BuildContext& context, FieldChecker& check) {
  CheckFlow(context.input, {FlowType::Kind::kImage, FlowType::Kind::kVector},
            "changes images and vectors; it is given", check);
}

void CheckProbability(double probability, FieldChecker& check) {
  check.InRange("probability", probability, 0, 1);
}

bool CheckRange(const char* low_name, double low, const char* high_name, double high,
                FieldChecker& check) {
  return check.Finite(low_name, low) && check.Finite(high_name, high) &&
         check.That(
             low <= high, low_name,
             absl::StrCat("must not be above ", high_name, "; they are ", low, " and ", high));
}

void CheckBoxRange(const BoxRange& range, FieldChecker& check) {
  if (CheckRange("min_area", range.min_area, "max_area", range.max_area, check)) {
    check.InRange("min_area", range.min_area, 0, 1);
    check.InRange("max_area", range.max_area, 0, 1);
  }
  if (CheckRange("min_aspect", range.min_aspect, "max_aspect", range.max_aspect, check)) {
    check.Positive("min_aspect", range.min_aspect);
  }
}

std::optional<CropBox> SampleBox(const BoxRange& range, int attempts, int height, int width,
                                 Random& random) {
  const double image_area = double{1} * height * width;
  const double log_min = std::log(range.min_aspect), log_max = std::log(range.max_aspect);
  for (int attempt = 0; attempt < attempts; ++attempt) {
    const double share =
        range.min_area + (range.max_area - range.min_area) * double{random.Uniform()};
    const double aspect = std::exp(log_min + (log_max - log_min) * double{random.Uniform()});
    const double box_width = std::nearbyint(std::sqrt(share * image_area * aspect));
    const double box_height = std::nearbyint(std::sqrt(share * image_area / aspect));
    const bool fits =
        box_width >= 1 && box_width <= width && box_height >= 1 && box_height <= height;
    if (!fits) continue;
    CropBox box;
    box.width = static_cast<int>(box_width);
    box.height = static_cast<int>(box_height);
    box.top = static_cast<int>(random.Below(height - box.height + 1));
    box.left = static_cast<int>(random.Below(width - box.width + 1));
    return box;
  }
  return std::nullopt;
}

}  // namespace pretext
