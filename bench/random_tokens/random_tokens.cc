#include "bench/random_tokens/random_tokens.h"

#include "absl/strings/str_cat.h"
#include "base/random/random.h"
#include "bench/random_tokens/random_tokens.pb.h"

namespace pretext {

absl::StatusOr<std::unique_ptr<Dataset>> RandomTokensDataset::Create(const RandomTokens& config,
                                                                     const BuildContext&) {
  FieldChecker check;
  check.Extent("tokens", config.tokens());
  check.Extent("vocabulary", config.vocabulary());
  check.InRange("masked", config.masked(), 0, 1);
  check.Extent("samples", config.samples());
  if (!check.ok()) return check.status();
  FlowType type = FlowType::Tokens(config.tokens(), config.vocabulary());
  type.masked = true;
  return std::make_unique<RandomTokensDataset>(type, config.samples(), config.masked());
}

absl::Status RandomTokensDataset::Read(Split, int64_t index, Sample& sample) const {
  sample.index = index;
  sample.label = -1;
  sample.type = type_;
  sample.tokens.clear();
  sample.segments.clear();
  sample.targets.clear();
  sample.length = static_cast<int32_t>(type_.tokens);
  Random random({.seed = 1, .sample = static_cast<uint64_t>(index)});
  for (int32_t i = 0; i < sample.length; ++i) {
    sample.tokens.push_back(
        static_cast<int32_t>(random.Below(static_cast<uint32_t>(type_.vocabulary))));
    if (random.Bernoulli(static_cast<float>(masked_)))
      sample.targets.push_back({i, sample.tokens.back()});
  }
  return absl::OkStatus();
}

std::string RandomTokensDataset::Summary() const {
  return absl::StrCat(samples_, " random samples, ", type_.ToString());
}

PRETEXT_REGISTER_DATASET(RandomTokensDataset, RandomTokens);

}  // namespace pretext
