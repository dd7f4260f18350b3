#include "evaluation/knn/knn.h"

#include <cmath>

#include "base/random/random.h"
#include "evaluation/testdata/fashion_mnist_part.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pretext {
namespace {

// Vectors at the given angles on the unit circle, times any lengths:
// cosines follow from the angles alone.
Features Circle(const std::vector<double>& degrees, std::vector<int32_t> labels, uint64_t seed) {
  Random random({.seed = seed});
  Features features{
      .count = static_cast<int64_t>(degrees.size()), .width = 2, .labels = std::move(labels)};
  for (const double angle : degrees) {
    const double length = std::exp(random.Uniform(-5, 5));
    features.values.push_back(static_cast<float>(length * std::cos(angle * M_PI / 180)));
    features.values.push_back(static_cast<float>(length * std::sin(angle * M_PI / 180)));
  }
  return features;
}

TEST(KnnTest, VotesByHand) {
  const Features train = Circle({0, 20, 25, 90, 95}, {0, 1, 1, 2, 2}, 1);
  // At 2 degrees the neighbours are 0 (label 0), then 20 and 25 (label 1).
  const Features test = Circle({2}, {0}, 2);
  // Plain: two votes of label 1 against one. Weighted: cosines 0.9994, 0.9511, 0.9205;
  // at T = 0.01 the votes are in the ratio 1 to exp(-4.83) + exp(-7.89), so label 0 wins;
  // at T = 1 label 1 does.
  auto got = EvaluateKnn(train, test, {{3, 0.01}, {3, 0}});
  EXPECT_EQ(got.value(), (std::vector<double>{100, 0}));
  got = EvaluateKnn(train, test, {{3, 1}, {1, 0}});
  EXPECT_EQ(got.value(), (std::vector<double>{0, 100}));
}

TEST(KnnTest, LowTemperatureDoesNotOverflow) {
  const Features train = Circle({0, 20, 25}, {1, 0, 0}, 1);
  const auto got = EvaluateKnn(train, Circle({2}, {1}, 2), {{3, 1e-6}});
  EXPECT_EQ(got.value(), (std::vector<double>{100}));
}

TEST(KnnTest, EqualVotesGoToTheLowestClass) {
  const Features train = Circle({0, 10}, {4, 3}, 1);
  EXPECT_EQ(EvaluateKnn(train, Circle({0}, {3}, 2), {{2, 0}}).value(), (std::vector<double>{100}));
}

TEST(KnnTest, ZeroFeaturesAndFewSamples) {
  // A collapsed encoder: everything is 0. Defined, and no better than always the lowest class.
  Features zero{.count = 4, .width = 3, .values = std::vector<float>(12), .labels = {0, 1, 2, 3}};
  const auto got = EvaluateKnn(zero, zero, {{200, 0.1}, {10, 0}});
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(*got, (std::vector<double>{25, 25}));
}

TEST(KnnTest, RejectsBadVotes) {
  const Features train = Circle({0, 10}, {0, 1}, 1);
  for (const KnnVote& vote :
       {KnnVote{0, 0.1}, KnnVote{-1, 0}, KnnVote{5, -1}, KnnVote{5, NAN}, KnnVote{5, INFINITY}}) {
    EXPECT_EQ(EvaluateKnn(train, train, {{3, 1}, vote}).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
  EXPECT_THAT(std::string(EvaluateKnn(train, Features{}, {{}}).status().message()),
              ::testing::HasSubstr("test split"));
}

TEST(KnnTest, FashionMnistAsPyTorch) {
  const FashionMnistPart part = LoadFashionMnistPart();
  const auto got = EvaluateKnn(part.train, part.test, {{200, 0.1}, {10, 0}});
  ASSERT_TRUE(got.ok()) << got.status();
  // Ours is in single precision: a vote whose classes are within 1e-6 may turn. Two of 2000 samples
  // are allowed to.
  EXPECT_TRUE(std::abs(got->at(0) - Golden("raw_knn_weighted")) <= 0.1) << got->at(0);
  EXPECT_TRUE(std::abs(got->at(1) - Golden("raw_knn_plain")) <= 0.1) << got->at(1);
}

TEST(KnnTest, StopsWhenItIsTold) {
  const Features train = Circle({0, 20}, {0, 1}, 1);
  const Work work([](absl::string_view what, double share) {
    EXPECT_EQ(what, "k-NN");
    EXPECT_EQ(share, 0);
    return false;
  });
  EXPECT_EQ(EvaluateKnn(train, train, {{1, 0}}, work).status().code(),
            absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace pretext
