#include "evaluation/pca/pca.h"

#include <cmath>
#include <limits>

#include "base/random/random.h"
#include "evaluation/knn/knn.h"
#include "evaluation/testdata/fashion_mnist_part.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pretext {
namespace {

using ::testing::HasSubstr;

// Rows scattered along two orthogonal directions of three, with deviations 3 and 1, about a mean.
Features Plane(int64_t count, uint64_t seed) {
  const double a[3] = {1 / std::sqrt(3), 1 / std::sqrt(3), 1 / std::sqrt(3)};
  const double b[3] = {1 / std::sqrt(2), -1 / std::sqrt(2), 0};
  Random random({.seed = seed});
  Features features{.count = count, .width = 3};
  for (int64_t n = 0; n < count; ++n) {
    const double s = 3 * random.Normal(), t = random.Normal();
    for (int c = 0; c < 3; ++c)
      features.values.push_back(static_cast<float>(10 + s * a[c] + t * b[c]));
    features.labels.push_back(n % 7);
  }
  return features;
}

TEST(PcaTest, FindsThePlane) {
  const Features train = Plane(5000, 1), test = Plane(3000, 2);
  const auto one = Pca::Fit(train, 1), two = Pca::Fit(train, 2), three = Pca::Fit(train, 3);
  ASSERT_TRUE(one.ok() && two.ok() && three.ok());
  // Two components hold everything: what is left is rounding of numbers near
  // 10, (10 · 6e-8)² a value.
  EXPECT_TRUE(two->ReconstructionError(test) <= 1e-11) << two->ReconstructionError(test);
  EXPECT_TRUE(three->ReconstructionError(test) <= 1e-11);
  // One leaves the second direction: variance 1 over 3 values, give or take
  // 5 deviations of its estimate.
  EXPECT_TRUE(std::abs(one->ReconstructionError(test) - 1.0 / 3) <= 5 * std::sqrt(2.0 / 3000) / 3);
  EXPECT_TRUE(std::abs(one->explained()[0] - 0.9) <= 0.01);
  EXPECT_TRUE(std::abs(two->explained()[0] + two->explained()[1] - 1) <= 1e-6);
  // Directions up to sampling error; the largest entry is positive.
  for (int c = 0; c < 3; ++c)
    EXPECT_TRUE(std::abs(one->directions()[c] - 1 / std::sqrt(3)) <= 0.03);

  const Features codes = two->Project(test);
  EXPECT_EQ(codes.count, 3000);
  EXPECT_EQ(codes.width, 2);
  EXPECT_EQ(codes.labels, test.labels);
  const ColumnStatistics statistics = ComputeColumnStatistics(codes);
  EXPECT_TRUE(std::abs(statistics.deviation[0] - 3) <= 0.2);
  EXPECT_TRUE(std::abs(statistics.deviation[1] - 1) <= 0.1);
}

TEST(PcaTest, OneRowAndConstantColumns) {
  Features single{.count = 1, .width = 2, .values = {3, 4}};
  const auto pca = Pca::Fit(single, 2);
  ASSERT_TRUE(pca.ok()) << pca.status();
  EXPECT_EQ(pca->ReconstructionError(single), 0);
  EXPECT_EQ(pca->explained(), (std::vector<double>{0, 0}));
}

TEST(PcaTest, Errors) {
  Features train = Plane(10, 1);
  EXPECT_THAT(std::string(Pca::Fit(train, 0).status().message()),
              HasSubstr("1 to 3 components here; found 0"));
  EXPECT_THAT(std::string(Pca::Fit(train, 4).status().message()), HasSubstr("found 4"));
  EXPECT_THAT(std::string(Pca::Fit(Features{}, 1).status().message()), HasSubstr("no features"));
  Features wide{
      .count = 1, .width = Pca::kMaxWidth + 1, .values = std::vector<float>(Pca::kMaxWidth + 1)};
  EXPECT_THAT(std::string(Pca::Fit(wide, 1).status().message()), HasSubstr("at most 4096"));
  train.values[4] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(std::string(Pca::Fit(train, 1).status().message()),
              HasSubstr("feature 1 of sample 1"));
}

TEST(PcaTest, FashionMnistAsPyTorch) {
  const FashionMnistPart part = LoadFashionMnistPart();
  for (const int k : {1, 8, 32}) {
    const auto pca = Pca::Fit(part.train, k);
    ASSERT_TRUE(pca.ok()) << pca.status();
    const std::string name = "pca" + std::to_string(k);
    // The golden figures are in double precision. Ours rounds codes and residuals to single, 6e-8
    // of values near 1, at random: 1e-5 of an error that is itself 0.015 is ample.
    for (const auto& [golden, features] :
         {std::pair{name + "_train_mse", &part.train}, {name + "_test_mse", &part.test}}) {
      EXPECT_TRUE(std::abs(pca->ReconstructionError(*features) / Golden(golden) - 1) <= 1e-5)
          << golden;
    }
    if (k == 32) {
      const auto knn =
          EvaluateKnn(pca->Project(part.train), pca->Project(part.test), {{200, 0.1}, {10, 0}});
      ASSERT_TRUE(knn.ok()) << knn.status();
      EXPECT_TRUE(std::abs(knn->at(0) - Golden("pca32_knn_weighted")) <= 0.1) << knn->at(0);
      EXPECT_TRUE(std::abs(knn->at(1) - Golden("pca32_knn_plain")) <= 0.1) << knn->at(1);
    }
  }
}

TEST(PcaTest, StopsWhenItIsTold) {
  const Work work([](absl::string_view, double share) { return share < 0.5; });
  EXPECT_EQ(Pca::Fit(Plane(3000, 1), 1, work).status().code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace pretext
