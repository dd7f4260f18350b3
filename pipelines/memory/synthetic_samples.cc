#include "pipelines/memory/synthetic_samples.h"

#include <cmath>

#include "base/random/random.h"

namespace pretext {

absl::Status SyntheticSamples::Read(Split, int64_t index, Sample& sample) const {
  const FlowType type = this->type();
  Random random({.purpose = Purpose::kTest, .sample = static_cast<uint64_t>(index)});
  sample.index = index;
  sample.type = type;
  sample.label = labelled() ? static_cast<int32_t>(index % 2) : -1;
  sample.targets.clear();
  sample.segments.clear();
  const auto size = static_cast<size_t>(type.size());
  if (type.is(FlowType::Kind::kTokens)) {
    sample.tokens.resize(size);
    sample.length = static_cast<int32_t>(size);
    for (int32_t& id : sample.tokens) {
      id = static_cast<int32_t>(random.Below(static_cast<uint32_t>(type.vocabulary)));
    }
    for (int32_t at = 0; type.masked && at < sample.length; at += 6)
      sample.targets.push_back({at, sample.tokens[static_cast<size_t>(at)]});
    return absl::OkStatus();
  }
  const ValueRange range = type.range.value_or(kUnitRange);
  const bool bounded = std::isfinite(range.low) && std::isfinite(range.high);
  const ValueRange& from = bounded ? range : kUnitRange;
  sample.values.resize(size);
  for (float& value : sample.values) {
    value = random.Uniform(static_cast<float>(from.low), static_cast<float>(from.high));
  }
  return absl::OkStatus();
}

}  // namespace pretext
