#include "augmentations/normalize/normalize.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "augmentations/image_sample/image_sample.h"
#include "core/plugin/plugin.h"
#include "kernels/image/color.h"

namespace pretext {

namespace {

using Numbers = google::protobuf::RepeatedField<float>;

std::array<float, 3> PerChannel(const Numbers& numbers) {
  std::array<float, 3> result{0.5f, 0.5f, 0.5f};
  for (int c = 0; c < 3 && !numbers.empty(); ++c)
    result[c] = numbers[std::min(c, numbers.size() - 1)];
  return result;
}

void CheckCount(const char* field, const Numbers& numbers, const BuildContext& context,
                FieldChecker& check) {
  check.That(numbers.size() <= 1 || numbers.size() == context.input.channels, field,
             absl::StrCat("must be one number, or one a channel (", context.input.channels,
                          "); there are ", numbers.size()));
}

// The type with the range that (x - mean) / deviation makes of its own.
FlowType Normalized(const FlowType& type, const std::array<float, 3>& mean,
                    const std::array<float, 3>& deviation) {
  if (!type.range) return type;
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  ValueRange range{kInfinity, -kInfinity};
  for (int64_t c = 0; c < type.channels; ++c) {
    range = Union(range, {(type.range->low - mean[c]) / deviation[c],
                          (type.range->high - mean[c]) / deviation[c]});
  }
  return type.WithRange(range);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Augmentation>> NormalizeAugmentation::Create(
    const Normalize& config, const BuildContext& context) {
  FieldChecker check;
  for (int i = 0; i < config.mean_size(); ++i) {
    check.Finite(absl::StrCat("mean[", i, "]"), config.mean(i));
  }
  for (int i = 0; i < config.deviation_size(); ++i) {
    check.Positive(absl::StrCat("deviation[", i, "]"), config.deviation(i));
  }
  if (CheckImage(context, check)) {
    CheckCount("mean", config.mean(), context, check);
    CheckCount("deviation", config.deviation(), context, check);
  }
  if (!check.ok()) return check.status();
  const std::array<float, 3> mean = PerChannel(config.mean());
  const std::array<float, 3> deviation = PerChannel(config.deviation());
  return std::make_unique<NormalizeAugmentation>(Normalized(context.input, mean, deviation), mean,
                                                 deviation);
}

void NormalizeAugmentation::ApplyInEvaluation(Sample& sample) const {
  NormalizeChannels(sample.values.data(), ImageShapeOf(sample.type), mean_.data(),
                    deviation_.data());
}

PRETEXT_REGISTER_AUGMENTATION(NormalizeAugmentation, Normalize);

}  // namespace pretext
