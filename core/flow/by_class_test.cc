#include "core/flow/by_class.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pretext {
namespace {

using ::testing::ElementsAre;

using Sizes = std::vector<int64_t>;

TEST(ByClassTest, SharesAreInProportion) {
  EXPECT_THAT(SharesOfClasses({600, 300, 100}, 10, false), ElementsAre(6, 3, 1));
  EXPECT_THAT(SharesOfClasses({5, 5, 5}, 7, false), ElementsAre(3, 2, 2));
  EXPECT_THAT(SharesOfClasses({3, 0, 4}, 7, false), ElementsAre(3, 0, 4));
  EXPECT_THAT(SharesOfClasses({3, 4}, 0, false), ElementsAre(0, 0));
  EXPECT_THAT(SharesOfClasses({}, 0, true), ElementsAre());
}

TEST(ByClassTest, EveryClassHasOneWhereThatCanBe) {
  EXPECT_THAT(SharesOfClasses({1000, 1, 2}, 10, false), ElementsAre(8, 1, 1));
  EXPECT_THAT(SharesOfClasses({1000, 1, 2}, 2, false), ElementsAre(2, 0, 0));
  // One of each on either side; a class of one is on the other.
  EXPECT_THAT(SharesOfClasses({1000, 1, 2}, 10, true), ElementsAre(9, 0, 1));
  EXPECT_THAT(SharesOfClasses({1000, 2}, 1000, true), ElementsAre(999, 1));
  EXPECT_THAT(SharesOfClasses({10, 1}, 10, true), ElementsAre(9, 1)) << "there is no other way";
  EXPECT_THAT(SharesOfClasses({10, 1}, 9, true), ElementsAre(9, 0));
  EXPECT_THAT(SharesOfClasses({1, 1, 1}, 2, true), ElementsAre(1, 1, 0));
}

// Whatever the sizes: the sum is right, no share is above its class, and none is further than one
// from proportion unless that gives a class its only sample.
TEST(ByClassTest, SharesOfRandomClasses) {
  Random random({.seed = 4});
  for (int round = 0; round < 2000; ++round) {
    Sizes sizes(1 + static_cast<size_t>(random.Uniform() * 12));
    for (int64_t& size : sizes) size = static_cast<int64_t>(random.Uniform() * 40);
    const int64_t all = std::accumulate(sizes.begin(), sizes.end(), int64_t{0});
    if (all == 0) continue;
    const auto count = static_cast<int64_t>(random.Uniform() * static_cast<double>(all + 1));
    for (const bool leaves_one : {false, true}) {
      const Sizes shares = SharesOfClasses(sizes, count, leaves_one);
      EXPECT_EQ(std::accumulate(shares.begin(), shares.end(), int64_t{0}), count);
      const auto classes =
          std::count_if(sizes.begin(), sizes.end(), [](int64_t s) { return s > 0; });
      for (size_t c = 0; c < sizes.size(); ++c) {
        EXPECT_TRUE(shares[c] >= 0 && shares[c] <= sizes[c]);
        if (leaves_one) continue;
        EXPECT_TRUE(count < classes || sizes[c] == 0 || shares[c] >= 1);
        const double quota =
            static_cast<double>(count) * static_cast<double>(sizes[c]) / static_cast<double>(all);
        // A class gives up one at most for each that would have none.
        const auto most = 1 + static_cast<double>(classes);
        EXPECT_TRUE(std::abs(static_cast<double>(shares[c]) - quota) <= most) << quota;
      }
    }
  }
}

TEST(ByClassTest, DrawsEachClassItsShareAndAnySampleOfIt) {
  std::vector<int32_t> labels;
  for (int32_t i = 0; i < 1000; ++i) labels.push_back(i < 700 ? 3 : i < 995 ? 1 : -1);  // sorted
  std::vector<int64_t> times(labels.size());
  for (uint64_t seed = 0; seed < 400; ++seed) {
    const auto drawn = DrawByClass(labels, 100, false, {.seed = seed});
    EXPECT_EQ(drawn, DrawByClass(labels, 100, false, {.seed = seed}));
    EXPECT_TRUE(std::is_sorted(drawn.begin(), drawn.end()));
    std::map<int32_t, int> of_label;
    for (const int64_t i : drawn) {
      ++of_label[labels[static_cast<size_t>(i)]];
      ++times[static_cast<size_t>(i)];
    }
    EXPECT_EQ(of_label[3], 70);
    EXPECT_TRUE(of_label[1] >= 29 && of_label[-1] >= 1);
  }
  // 400 draws of one in ten: 40 ± 6; six deviations, of every sample of the large classes.
  for (size_t i = 0; i < 995; ++i) EXPECT_TRUE(times[i] >= 4 && times[i] <= 76) << i;
}

}  // namespace
}  // namespace pretext
