#include <cmath>
#include <vector>

#include "absl/strings/str_format.h"
#include "augmentations/token_masking/masker.h"
#include "pipelines/selfcheck/selfcheck.h"

namespace pretext {

CheckResult CheckMaskingRates() {
  constexpr int32_t kVocabulary = 1000, kMask = 4;
  constexpr int64_t kLength = 128, kSequences = 2000;
  MaskingVocabulary vocabulary;
  vocabulary.mask = kMask;
  vocabulary.unknown = 1;
  vocabulary.special.assign(kVocabulary, 0);
  vocabulary.continuation.assign(kVocabulary, 0);
  for (int32_t id = 0; id < 5; ++id) vocabulary.special[static_cast<size_t>(id)] = 1;
  for (int32_t id = 5; id < kVocabulary; ++id) vocabulary.ordinary.push_back(id);
  const TokenMasker masker(MaskingOptions(), vocabulary);
  double targets = 0, masked = 0, kept = 0;
  std::vector<Sample::Target> found;
  for (int64_t s = 0; s < kSequences; ++s) {
    Random random({.seed = 8, .sample = static_cast<uint64_t>(s)});
    std::vector<int32_t> tokens(kLength);
    for (int32_t& id : tokens) id = 5 + static_cast<int32_t>(random.Below(kVocabulary - 5));
    masker.Mask(tokens.data(), kLength, found, random);
    for (const Sample::Target& target : found) {
      const int32_t now = tokens[static_cast<size_t>(target.position)];
      masked += now == kMask ? 1 : 0;
      kept += now == target.id ? 1 : 0;
    }
    targets += static_cast<double>(found.size());
  }
  const double share = targets / static_cast<double>(kLength * kSequences);
  const double mask_share = masked / targets, kept_share = kept / targets;
  const double other = 1 - mask_share - kept_share;
  // Five deviations over some 38,000 targets: 0.01 of 0.8, 0.0077 of 0.1. 19 of 128 are 0.1484.
  const bool passed = std::abs(share - 19.0 / 128) < 1e-9 && std::abs(mask_share - 0.8) < 0.0103 &&
                      std::abs(kept_share - 0.1) < 0.0077 && std::abs(other - 0.1) < 0.0077;
  return {passed, absl::StrFormat("%.1f %% of the tokens are targets; of these %.1f %% are masked, "
                                  "%.1f %% replaced, %.1f %% kept",
                                  100 * share, 100 * mask_share, 100 * other, 100 * kept_share)};
}

}  // namespace pretext
