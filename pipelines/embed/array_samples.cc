#include "pipelines/embed/array_samples.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "pipelines/encoder/preparation_text.h"

namespace pretext {

absl::StatusOr<ArraySamples> ArraySamples::Create(const TrainedEncoder& trained) {
  if (!trained.file.has_arrays()) {
    return absl::InvalidArgumentError(absl::StrCat(
        trained.path, ": was not trained on arrays but on ", trained.sample.ToString()));
  }
  ArraySamples samples;
  samples.type_ = trained.sample;
  samples.preparation_ = ArraysFromMessage(trained.file.arrays());
  const ArrayPreparation& p = samples.preparation_;
  const bool vector = trained.sample.is(FlowType::Kind::kVector);
  const auto channels =
      static_cast<size_t>(vector ? trained.sample.features : trained.sample.channels);
  if (p.kind == ArrayPreparation::Kind::kStandardized &&
      (p.center.size() != channels || p.factor.size() != channels)) {
    return absl::InvalidArgumentError(
        absl::StrCat(trained.path, ": its arrays { … } does not fit its sample { … }"));
  }
  return samples;
}

absl::Status ArraySamples::Make(NumberType type, const std::vector<double>& numbers,
                                Sample& sample) const {
  sample.type = type_;
  sample.values.resize(static_cast<size_t>(type_.size()));
  preparation_.Apply(type, numbers, sample.values.data());
  for (const float value : sample.values) {
    if (!std::isfinite(value)) return absl::InvalidArgumentError("a number of it is not finite");
    if (type_.range && !(value >= static_cast<float>(type_.range->low) &&
                         value <= static_cast<float>(type_.range->high))) {
      return absl::InvalidArgumentError(absl::StrCat("a number of it becomes ", value,
                                                     ", and the encoder was trained on ",
                                                     type_.range->ToString()));
    }
  }
  return absl::OkStatus();
}

}  // namespace pretext
