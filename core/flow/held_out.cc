#include "core/flow/held_out.h"

#include <algorithm>
#include <cmath>

#include "base/check/check.h"
#include "base/random/permutation.h"
#include "core/flow/by_class.h"

namespace pretext {

int64_t HeldOutCount(int64_t n, double fraction) {
  PRETEXT_CHECK(fraction >= 0 && fraction < 1, "a fraction of the samples is held out");
  const int64_t count = std::llround(fraction * static_cast<double>(n));
  return fraction > 0 && n > 1 ? std::clamp<int64_t>(count, 1, n - 1) : count;
}

HeldOutSplit HoldOut(int64_t n, double fraction, uint64_t seed,
                     const std::vector<int32_t>& labels) {
  PRETEXT_CHECK(labels.empty() || static_cast<int64_t>(labels.size()) == n, "a label a sample");
  const int64_t count = HeldOutCount(n, fraction);
  const RandomKey key{.seed = seed, .purpose = Purpose::kSplit};
  std::vector<bool> held(n);
  if (labels.empty()) {
    const Permutation order(key, n);
    for (int64_t i = 0; i < count; ++i) held[order[i]] = true;
  } else {
    for (const int64_t i : DrawByClass(labels, count, /*leaves_one=*/true, key)) held[i] = true;
  }
  HeldOutSplit split;
  for (int64_t i = 0; i < n; ++i) (held[i] ? split.test : split.train).push_back(i);
  return split;
}

}  // namespace pretext
