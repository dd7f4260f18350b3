#include "base/random/random.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace pretext {
namespace {

// The known-answer vectors of the authors' Random123 library (kat_vectors, philox4x32 10).
TEST(Philox, KnownAnswers) {
  EXPECT_EQ(Philox({0, 0, 0, 0}, {0, 0}),
            (std::array<uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(Philox({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (std::array<uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(Philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (std::array<uint32_t, 4>{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, EveryFieldOfTheKeyNamesAnotherStream) {
  const RandomKey base{.seed = 1, .purpose = Purpose::kShuffle, .epoch = 2, .sample = 3, .view = 4};
  std::set<uint32_t> first;
  for (int field = 0; field < 6; ++field) {
    RandomKey key = base;
    if (field == 1) key.seed = 9;
    if (field == 2) key.purpose = Purpose::kDropout;
    if (field == 3) key.epoch = 9;
    if (field == 4) key.sample = 9;
    if (field == 5) key.view = 9;
    first.insert(Random(key).Next());
  }
  EXPECT_EQ(first.size(), 6u);
  EXPECT_EQ(Random(base).Next(), Random(base).Next());
}

// Chi-square over 16 bins: 15 degrees of freedom, 44.3 is the 0.9999 quantile; the seed is fixed,
// so this cannot flake.
TEST(Random, BelowIsUniform) {
  Random random({.seed = 5});
  int counts[16] = {};
  constexpr int kDraws = 160000;
  for (int i = 0; i < kDraws; ++i) ++counts[random.Below(16)];
  double chi2 = 0;
  for (int c : counts) chi2 += (c - kDraws / 16.0) * (c - kDraws / 16.0) / (kDraws / 16.0);
  EXPECT_TRUE(chi2 <= 44.3) << chi2;
}

// The mean of n normals deviates by 1/sqrt(n), the variance by sqrt(2/n);
// five deviations are allowed.
TEST(Random, NormalHasMeanZeroAndVarianceOne) {
  Random random({.seed = 6});
  constexpr int kDraws = 200000;
  double sum = 0, squares = 0;
  int beyond_two = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double z = random.Normal();
    sum += z;
    squares += z * z;
    beyond_two += std::abs(z) > 2;
  }
  EXPECT_TRUE(std::abs(sum / kDraws) <= 5 / std::sqrt(kDraws));
  EXPECT_TRUE(std::abs(squares / kDraws - 1) <= 5 * std::sqrt(2.0 / kDraws));
  EXPECT_TRUE(std::abs(beyond_two / double{kDraws} - 0.0455) <= 0.0025);
}

}  // namespace
}  // namespace pretext
