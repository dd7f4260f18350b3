#include "core/flow/held_out.h"

#include <algorithm>

#include "gtest/gtest.h"

namespace pretext {
namespace {

TEST(HeldOutTest, PartitionsAllSamples) {
  for (const int64_t n : {1, 2, 3, 10, 1000, 4097}) {
    for (const double fraction : {0.0, 0.001, 0.1, 0.5, 0.999}) {
      const HeldOutSplit split = HoldOut(n, fraction, 5);
      std::vector<int64_t> all;
      std::merge(split.train.begin(), split.train.end(), split.test.begin(), split.test.end(),
                 std::back_inserter(all));
      ASSERT_EQ(all.size(), n);
      for (int64_t i = 0; i < n; ++i) EXPECT_EQ(all[i], i);  // also: both parts rise
      if (fraction == 0) {
        EXPECT_TRUE(split.test.empty());
      } else if (n > 1) {
        EXPECT_FALSE(split.test.empty());
        EXPECT_FALSE(split.train.empty());
      }
    }
  }
  EXPECT_EQ(HoldOut(1000, 0.1, 5).test.size(), 100);
  EXPECT_EQ(HoldOut(0, 0.5, 5).train.size(), 0);
}

TEST(HeldOutTest, SeedAloneDecides) {
  EXPECT_EQ(HoldOut(1000, 0.2, 1).test, HoldOut(1000, 0.2, 1).test);
  EXPECT_NE(HoldOut(1000, 0.2, 1).test, HoldOut(1000, 0.2, 2).test);
  // A larger share holds what the smaller one held: figures on growing splits can be compared.
  const auto small = HoldOut(1000, 0.1, 1).test, large = HoldOut(1000, 0.3, 1).test;
  EXPECT_TRUE(std::includes(large.begin(), large.end(), small.begin(), small.end()));
}

TEST(HeldOutTest, EveryClassIsOnBothSides) {
  std::vector<int32_t> labels;
  for (int32_t i = 0; i < 100; ++i) labels.push_back(i < 80 ? 0 : i < 98 ? 1 : 2);  // sorted
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const HeldOutSplit split = HoldOut(100, 0.1, seed, labels);
    int64_t of_class[3] = {};
    for (const int64_t i : split.test) ++of_class[labels[static_cast<size_t>(i)]];
    EXPECT_TRUE(of_class[0] >= 7 && of_class[0] <= 8) << of_class[0];
    EXPECT_TRUE(of_class[1] >= 1 && of_class[1] <= 2) << of_class[1];
    EXPECT_EQ(of_class[2], 1);
    EXPECT_EQ(split.test.size() + split.train.size(), 100);
  }
}

TEST(HeldOutTest, EverySampleIsEquallyLikely) {
  const int64_t n = 50, rounds = 2000;
  std::vector<int64_t> held(n);
  for (int64_t seed = 0; seed < rounds; ++seed) {
    for (const int64_t i : HoldOut(n, 0.3, seed).test) ++held[i];
  }
  // Sum of ((count - mean)² / (mean (1 - p))): near n - 1 = 49, with a deviation of 10.
  // Six deviations.
  double chi_square = 0;
  for (const int64_t count : held) chi_square += (count - 600.0) * (count - 600.0) / (600.0 * 0.7);
  EXPECT_TRUE(chi_square <= 109) << chi_square;
  EXPECT_TRUE(chi_square >= 5) << chi_square;
}

}  // namespace
}  // namespace pretext
