#include "evaluation/pca/pca.h"

#include <Eigen/Eigenvalues>
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

TEST(PcaTest, ValuesHaveNoUnit) {
  const auto want = Pca::Fit(Plane(500, 1), 1);
  ASSERT_TRUE(want.ok());
  for (const float unit : {0x1p-110f, 0x1p-60f, 0x1p65f, 0x1p110f}) {
    Features train = Plane(500, 1), test = Plane(300, 2);
    const Features codes = want->Project(test);
    const double error = want->ReconstructionError(test);
    for (Features* features : {&train, &test}) {
      for (float& value : features->values) value *= unit;
    }
    const auto got = Pca::Fit(train, 1);
    ASSERT_TRUE(got.ok()) << got.status();
    EXPECT_TRUE(std::abs(got->explained()[0] - want->explained()[0]) <= 1e-5) << unit;
    EXPECT_TRUE(std::abs(got->variances()[0] / unit / unit - want->variances()[0]) <= 1e-3) << unit;
    EXPECT_TRUE(std::abs(got->ReconstructionError(test) / unit / unit - error) <= 1e-5) << unit;
    const Features projected = got->Project(test);
    for (int64_t n = 0; n < test.count; ++n)
      EXPECT_TRUE(std::abs(projected.values[n] / unit - codes.values[n]) <= 1e-4) << n;
  }
}

TEST(PcaTest, OneRowAndConstantColumns) {
  Features single{.count = 1, .width = 2, .values = {3, 4}};
  const auto pca = Pca::Fit(single, 2);
  ASSERT_TRUE(pca.ok()) << pca.status();
  EXPECT_EQ(pca->ReconstructionError(single), 0);
  EXPECT_EQ(pca->explained(), (std::vector<double>{0, 0}));
}

// Rows of falling deviations along all coordinates, about a mean.
Features Wide(int64_t count, int64_t width) {
  Random random({.seed = 5});
  Features features{.count = count, .width = width};
  for (int64_t i = 0; i < count * width; ++i)
    features.values.push_back(static_cast<float>(2 + std::pow(0.97, i % width) * random.Normal()));
  return features;
}

// The same rows' covariance matrix, [D, D], decomposed in double precision.
TEST(PcaTest, FewerRowsThanValuesAsByTheCovariance) {
  constexpr int64_t kRows = 40, kWidth = 600;  // two blocks of columns
  const Features train = Wide(kRows, kWidth);
  Eigen::MatrixXd x(kRows, kWidth);
  for (int64_t i = 0; i < kRows * kWidth; ++i) x(i / kWidth, i % kWidth) = train.values[i];
  x.rowwise() -= x.colwise().mean().eval();
  const Eigen::MatrixXd covariance = x.transpose() * x / (kRows - 1);
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> want(covariance);
  const double total = want.eigenvalues().sum();

  const auto pca = Pca::Fit(train, kRows + 3);
  ASSERT_TRUE(pca.ok()) << pca.status();
  ASSERT_EQ(pca->variances().size(), static_cast<size_t>(kRows));
  const auto direction = [&](int64_t k) {
    Eigen::VectorXd column(kWidth);
    for (int64_t c = 0; c < kWidth; ++c) column[c] = pca->directions()[c * (kRows + 3) + k];
    return column;
  };
  // Centered values are rounded to single precision, 6e-8 of each; neighbouring eigenvalues are
  // some percent apart, so that directions move a hundred times as far.
  for (int64_t k = 0; k < kRows - 1; ++k) {
    const double variance = want.eigenvalues()[kWidth - 1 - k];
    EXPECT_TRUE(std::abs(pca->variances()[k] / variance - 1) <= 1e-6) << k;
    EXPECT_TRUE(std::abs(pca->explained()[k] - variance / total) <= 1e-6) << k;
    const Eigen::VectorXd got = direction(k);
    EXPECT_TRUE(std::abs(got.norm() - 1) <= 1e-6) << k;
    EXPECT_TRUE(std::abs(std::abs(got.dot(want.eigenvectors().col(kWidth - 1 - k))) - 1) <= 1e-6)
        << k;
    EXPECT_GT(got.maxCoeff(), -got.minCoeff()) << "the largest entry is positive";
  }
  // About their mean the rows vary along one direction less than they are.
  EXPECT_TRUE(pca->variances()[kRows - 1] <= 1e-12 * total);
  for (int64_t k = kRows - 1; k < kRows + 3; ++k) EXPECT_EQ(direction(k).norm(), 0) << k;
  // All of the rows is in these directions: their values are near 2, rounded to 1e-7 of that.
  EXPECT_TRUE(pca->ReconstructionError(train) <= 1e-12) << pca->ReconstructionError(train);
}

TEST(PcaTest, Errors) {
  Features train = Plane(10, 1);
  EXPECT_THAT(std::string(Pca::Fit(train, 0).status().message()),
              HasSubstr("1 to 3 components here; found 0"));
  EXPECT_THAT(std::string(Pca::Fit(train, 4).status().message()), HasSubstr("found 4"));
  EXPECT_THAT(std::string(Pca::Fit(Features{}, 1).status().message()), HasSubstr("no features"));
  constexpr int64_t kSide = Pca::kMaxSide + 1;
  const Features wide{.count = kSide, .width = kSide, .values = std::vector<float>(kSide * kSide)};
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
