#include "evaluation/features/features.h"

#include <cmath>
#include <limits>

#include "base/random/random.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pretext {
namespace {

using ::testing::HasSubstr;

Features Make(int64_t count, int64_t width, uint64_t seed, double offset) {
  Features features{.count = count, .width = width};
  Random random({.seed = seed});
  for (int64_t i = 0; i < count * width; ++i) {
    features.values.push_back(static_cast<float>(offset + (1 + i % width) * random.Normal()));
  }
  for (int64_t i = 0; i < count; ++i) features.labels.push_back(i % 3);
  return features;
}

std::string Message(const absl::Status& status) { return std::string(status.message()); }

TEST(FeaturesTest, StatisticsEqualTwoPassReference) {
  for (const int64_t count : {1, 2, 4095, 4096, 4097, 9000}) {
    const int64_t width = 5;
    const Features features = Make(count, width, count, 1000);
    const ColumnStatistics got = ComputeColumnStatistics(features);
    for (int64_t d = 0; d < width; ++d) {
      double mean = 0, square = 0;
      for (int64_t n = 0; n < count; ++n) mean += features.values[n * width + d];
      mean /= count;
      for (int64_t n = 0; n < count; ++n)
        square += std::pow(features.values[n * width + d] - mean, 2);
      const double deviation = count > 1 ? std::sqrt(square / (count - 1)) : 0;
      // Doubles throughout: 9000 additions leave more than ten digits.
      EXPECT_TRUE(std::abs(got.mean[d] - mean) <= 1e-9) << count;
      EXPECT_TRUE(std::abs(got.deviation[d] - deviation) <= 1e-9) << count;
    }
  }
}

TEST(FeaturesTest, ConstantColumnHasNoDeviation) {
  Features features{.count = 5000, .width = 1, .values = std::vector<float>(5000, 0.1f)};
  EXPECT_EQ(ComputeColumnStatistics(features).deviation[0], 0);
  EXPECT_EQ(ComputeColumnStatistics(features).mean[0], double{0.1f});
}

TEST(FeaturesTest, Classes) {
  Features train = Make(4, 1, 1, 0), test = Make(4, 1, 1, 0);
  EXPECT_EQ(CountClasses(train, test), 3);
  test.labels[2] = 11;
  EXPECT_EQ(CountClasses(train, test), 12);
}

TEST(FeaturesTest, ChecksNameTheFault) {
  const Features good = Make(6, 4, 1, 0);
  EXPECT_TRUE(CheckLabelled(good, good).ok());
  EXPECT_THAT(Message(CheckLabelled(good, Features{})),
              HasSubstr("the test split has no features"));
  EXPECT_THAT(Message(CheckLabelled(good, Make(6, 5, 1, 0))),
              HasSubstr("width 4, test features 5"));
  for (const float value :
       {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    Features broken = good;
    broken.values[3 * 4 + 2] = value;
    EXPECT_THAT(Message(CheckLabelled(broken, good)),
                HasSubstr("feature 2 of sample 3 of the training split is"));
  }
  Features unlabelled = good;
  unlabelled.labels[5] = -1;
  EXPECT_THAT(Message(CheckLabelled(good, unlabelled)),
              HasSubstr("sample 5 of the test split has no label"));
  unlabelled.labels.clear();
  EXPECT_THAT(Message(CheckLabelled(unlabelled, good)), HasSubstr("0 labels for 6 samples"));
}

TEST(FeaturesTest, LengthsOfTheFirstRows) {
  const Features features{.count = 4, .width = 2, .values = {3, 4, 0, 0, 3e38f, 0, 1, 1}};
  EXPECT_THAT(Lengths(features, 3), testing::ElementsAre(5, 0, double{3e38f}));
}

TEST(FeaturesTest, PercentCorrect) { EXPECT_EQ(PercentCorrect({1, 2, 3, 4}, {1, 2, 3, 0}), 75); }

}  // namespace
}  // namespace pretext
