#include "evaluation/knn/knn.h"

#include <algorithm>
#include <cmath>
#include <utility>

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

// Rows of eight values about one of four centres, plus `offset`, times `scale`.
Features Clusters(int64_t count, float offset, float scale, uint64_t seed) {
  Random centres({.seed = 3}), random({.seed = seed});
  std::vector<float> centre(4 * 8);
  for (float& value : centre) value = centres.Normal();
  Features features{.count = count, .width = 8};
  for (int64_t n = 0; n < count; ++n) {
    features.labels.push_back(static_cast<int32_t>(random.Below(4)));
    for (int64_t d = 0; d < 8; ++d) {
      const float value = centre[features.labels[n] * 8 + d] + random.Normal();
      features.values.push_back((value + offset) * scale);
    }
  }
  return features;
}

// The label of the nearest row by cosine, in double precision.
std::vector<int32_t> NearestLabels(const Features& train, const Features& test) {
  const auto product = [&](const Features& a, int64_t i, const Features& b, int64_t j) {
    double sum = 0;
    for (int64_t d = 0; d < a.width; ++d)
      sum += double{a.values[i * a.width + d]} * b.values[j * b.width + d];
    return sum;
  };
  std::vector<int32_t> labels;
  for (int64_t q = 0; q < test.count; ++q) {
    int64_t best = 0;
    double most = -2;
    for (int64_t n = 0; n < train.count; ++n) {
      const double cosine = product(train, n, test, q) / std::sqrt(product(train, n, train, n)) /
                            std::sqrt(product(test, q, test, q));
      if (cosine > most) most = cosine, best = n;
    }
    labels.push_back(train.labels[best]);
  }
  return labels;
}

TEST(KnnTest, CosinesHaveNoScale) {
  const Features train = Clusters(300, 0, 1, 1), test = Clusters(200, 0, 1, 2);
  const std::vector<KnnVote> votes = {{50, 0.1}, {1, 0}};
  const auto want = EvaluateKnn(train, test, votes);
  ASSERT_TRUE(want.ok() && want->at(0) >= 60);
  for (const float scale : {1e-35f, 1e-20f, 1e-13f, 1e19f, 1e35f}) {
    // Of one, of the other, of both.
    for (const auto& [of_train, of_test] :
         {std::pair(scale, 1.0f), {1.0f, scale}, {scale, scale}}) {
      const auto got =
          EvaluateKnn(Clusters(300, 0, of_train, 1), Clusters(200, 0, of_test, 2), votes);
      ASSERT_TRUE(got.ok());
      // Two of 200 samples may turn by rounding.
      for (size_t v = 0; v < votes.size(); ++v)
        EXPECT_TRUE(std::abs(got->at(v) - want->at(v)) <= 1) << scale << ": " << got->at(v);
    }
  }
}

TEST(KnnTest, TellsRowsThatNearlyPointTheSameWay) {
  for (const float offset : {100.0f, 1e4f, 1e5f}) {
    Features train = Clusters(300, offset, 1, 1), test = Clusters(200, offset, 1, 2);
    test.labels = NearestLabels(train, test);
    const auto got = EvaluateKnn(train, test, {{1, 0}});
    ASSERT_TRUE(got.ok());
    EXPECT_TRUE(got->at(0) >= 99) << offset << ": " << got->at(0);
    // A zero row among them has cosine 0 to all: the first one is its nearest.
    std::fill_n(test.values.begin(), test.width, 0.0f);
    const auto answers = PredictKnn(train, test, {{1, 0}});
    ASSERT_TRUE(answers.ok());
    EXPECT_EQ(answers->at(0)[0], train.labels[0]);
  }
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
