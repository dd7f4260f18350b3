#include "base/random/permutation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace pretext {
namespace {

TEST(Permutation, EveryElementOnce) {
  for (int64_t n : {1, 2, 3, 5, 16, 17, 1000, 4096, 60000}) {
    const Permutation order({.seed = 3, .purpose = Purpose::kShuffle}, n);
    std::vector<bool> seen(static_cast<size_t>(n));
    for (int64_t i = 0; i < n; ++i) {
      const int64_t e = order[i];
      ASSERT_TRUE(0 <= e && e < n);
      ASSERT_FALSE(seen[static_cast<size_t>(e)]) << n;
      seen[static_cast<size_t>(e)] = true;
    }
  }
}

TEST(Permutation, EpochsDiffer) {
  const Permutation a({.seed = 3, .epoch = 0}, 1000), b({.seed = 3, .epoch = 1}, 1000);
  int same = 0;
  for (int64_t i = 0; i < 1000; ++i) same += a[i] == b[i];
  EXPECT_LE(same, 10);  // one expected; P(more than 10) < 1e-7
}

// Where element 0 of 8 lands over many keys: 7 degrees of freedom, 29.9 is the 0.9999 quantile. And
// the order of two neighbours is a fair coin.
TEST(Permutation, PlacesAreUniform) {
  constexpr int kKeys = 40000;
  int counts[8] = {}, ascending = 0;
  for (uint32_t k = 0; k < kKeys; ++k) {
    const Permutation order({.seed = 11, .epoch = k}, 8);
    ++counts[order[0]];
    ascending += order[3] < order[4];
  }
  double chi2 = 0;
  for (int c : counts) chi2 += (c - kKeys / 8.0) * (c - kKeys / 8.0) / (kKeys / 8.0);
  EXPECT_TRUE(chi2 <= 29.9) << chi2;
  EXPECT_TRUE(std::abs(ascending - kKeys / 2.0) <= 5 * std::sqrt(kKeys / 4.0)) << ascending;
}

}  // namespace
}  // namespace pretext
