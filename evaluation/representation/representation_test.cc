#include "evaluation/representation/representation.h"

#include <cmath>
#include <limits>

#include "base/random/random.h"
#include "core/layers/linear.h"
#include "evaluation/pca/pca.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pretext {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// Vectors of 6 about one of three centres: easy to classify.
class Blobs : public Dataset {
 public:
  explicit Blobs(bool labelled, int64_t unlabelled_every = 0)
      : labelled_(labelled), unlabelled_every_(unlabelled_every) {}
  FlowType type() const override { return FlowType::Vector(6); }
  bool labelled() const override { return labelled_; }
  absl::Status Load() override { return absl::OkStatus(); }
  int64_t size(Split split) const override { return split == Split::kTrain ? 301 : 100; }
  absl::Status Read(Split split, int64_t index, Sample& sample) const override {
    Random random({.seed = 3,
                   .epoch = split == Split::kTrain ? 0u : 1u,
                   .sample = static_cast<uint64_t>(index)});
    const int32_t label = random.Below(3);
    sample.index = index;
    sample.type = type();
    sample.label =
        !labelled_ || (unlabelled_every_ > 0 && index % unlabelled_every_ == 0) ? -1 : label;
    sample.values.assign(6, 0);
    for (float& v : sample.values) v = 0.1f * random.Normal();
    sample.values[label] += 1;
    return absl::OkStatus();
  }
  std::string Summary() const override { return "blobs"; }

 private:
  bool labelled_;
  int64_t unlabelled_every_;
};

class LinearEncoder : public Encoder {
 public:
  explicit LinearEncoder(float fill) : layer_(LinearLayer::Declare(parameters(), "linear", 6, 4)) {
    parameters().Allocate("encoder", 1);
    if (!(fill == 0)) std::fill_n(layer_.weight->value.data(), 24, fill);
  }
  FlowType output() const override { return FlowType::Vector(4); }
  Var Forward(Tape& tape, Var x, const Batch&, const ForwardContext& context) override {
    EXPECT_FALSE(context.training);
    EXPECT_FALSE(tape.recording());
    return layer_(tape, x);
  }

 private:
  LinearLayer layer_;
};

std::vector<std::string> Names(const NamedFigures& figures) {
  std::vector<std::string> names;
  for (const auto& [name, value] : figures) names.push_back(name);
  return names;
}

TEST(RepresentationTest, NamesOfVotes) {
  const std::vector<KnnVote> votes = {{200, 0.1}, {10, 0}, {20, 0.5}};
  EXPECT_EQ(KnnName(votes, 0), "knn");
  EXPECT_EQ(KnnName(votes, 1), "knn_k10");
  EXPECT_EQ(KnnName(votes, 2), "knn_k20_t0.5");
}

TEST(RepresentationTest, ScoresEncoder) {
  const Blobs dataset(true);
  LinearEncoder encoder(0);
  const auto figures = ScoreEncoder("untrained_", encoder, dataset, {.batch_size = 64});
  ASSERT_TRUE(figures.ok()) << figures.status();
  EXPECT_THAT(Names(*figures),
              ElementsAre("untrained_knn", "untrained_knn_k10", "untrained_probe"));
  // A random linear map of well separated blobs stays separable.
  EXPECT_GE((*figures)[1].second, 95);
  EXPECT_GE((*figures)[2].second, 95);
}

TEST(RepresentationTest, ScoresSamplesAndPca) {
  const Blobs dataset(true);
  const auto figures = ScoreSamples(true, 2, dataset, {});
  ASSERT_TRUE(figures.ok()) << figures.status();
  EXPECT_THAT(Names(*figures), ElementsAre("pca_test_mse", "pca_knn", "pca_knn_k10", "pca_probe",
                                           "raw_knn", "raw_knn_k10", "raw_probe"));
  // Three centres span a plane; what is left is the noise in the four other directions: 0.01 · 4
  // / 6.
  EXPECT_TRUE(std::abs((*figures)[0].second - 0.01 * 4 / 6) <= 0.0015) << (*figures)[0].second;
  EXPECT_GE((*figures)[3].second, 99);
  EXPECT_GE((*figures)[6].second, 99);
}

TEST(RepresentationTest, LeavesOutWhatTheDataDoNotAllow) {
  LinearEncoder encoder(0);
  const Blobs unlabelled(false);
  EXPECT_TRUE(ScoreEncoder("", encoder, unlabelled, {})->empty());
  EXPECT_THAT(Names(*ScoreSamples(true, 2, unlabelled, {})), ElementsAre("pca_test_mse"));
  EXPECT_TRUE(ScoreSamples(true, 0, unlabelled, {})->empty());
  const Blobs dataset(true);
  EXPECT_TRUE(ScoreEncoder("", encoder, dataset, {.classify = false})->empty());
  EXPECT_THAT(Names(*ScoreEncoder("", encoder, dataset, {.knn = {{5, 0}}, .probe = false})),
              ElementsAre("knn"));
  EXPECT_THAT(Names(*ScoreSamples(false, 2, dataset, {.knn = {}})),
              ElementsAre("pca_test_mse", "pca_probe"));
  // A code wider than the sample: as many components as there are values, and nothing is left.
  EXPECT_TRUE((*ScoreSamples(false, 100, dataset, {}))[0].second <= 1e-12);
}

TEST(RepresentationTest, SaysWhatMakesFiguresHollow) {
  const Features train{.count = 3, .width = 2, .values = {1, 2, 3, 4, 5, 6}, .labels = {0, 1, 1}};
  const Features fresh{.count = 2, .width = 2, .values = {1, 3, 2, 4}, .labels = {0, 1}};
  const RepresentationOptions options{.knn = {{2, 0}}};
  EXPECT_TRUE(HollowFigures(train, fresh, options).empty());
  const Features stale{.count = 3, .width = 2, .values = {3, 4, 7, 7, 2, 4}, .labels = {0, 1, 1}};
  EXPECT_THAT(HollowFigures(train, stale, options),
              ElementsAre(HasSubstr("1 of 3 samples that are measured are training samples too"),
                          HasSubstr("1 of 3 samples that are measured are of one value")));
  Features one_class = train;
  one_class.labels = {2, 2, 2};
  EXPECT_THAT(HollowFigures(one_class, fresh, {.knn = {{3, 0}}}),
              ElementsAre(HasSubstr("one class")));
  EXPECT_TRUE(HollowFigures(one_class, fresh, {.classify = false}).empty());
  Features others = fresh;
  others.labels = {5, 1};
  EXPECT_THAT(HollowFigures(train, others, options),
              ElementsAre(HasSubstr("1 of 2 samples that are measured are of classes that no")));
}

TEST(RepresentationTest, SaysThatAVoteAsksAll) {
  EXPECT_THAT(HollowVotes({{.neighbors = 2, .temperature = 0}}, 3), ElementsAre());
  for (const int64_t k : {3, 4}) {
    EXPECT_THAT(HollowVotes({{.neighbors = k, .temperature = 0}}, 3),
                ElementsAre(AllOf(HasSubstr("asks all of the 3"), HasSubstr("the largest class"))));
  }
  EXPECT_THAT(
      HollowVotes({{.neighbors = 3, .temperature = 0.1}}, 3),
      ElementsAre(AllOf(HasSubstr("asks all of the 3"), Not(HasSubstr("the largest class")))));
}

// As many classes as there are labels: an hour and 8 GB for the probe otherwise.
TEST(RepresentationTest, LargeLabelsAreFewClasses) {
  Features train{.count = 40, .width = 1}, test;
  for (int i = 0; i < 40; ++i) {
    train.values.push_back(static_cast<float>(i % 2) + 0.01f * static_cast<float>(i));
    train.labels.push_back(i % 2 == 0 ? 3 : 16000000);
  }
  test = train;
  std::vector<int32_t> answered;
  RepresentationOptions options{.knn = {{1, 0}}};
  options.on_answers = [&](const std::string&, const std::vector<int32_t>& labels,
                           const std::vector<int32_t>& answers) {
    EXPECT_EQ(labels, train.labels);
    answered = answers;
  };
  const auto figures = ScoreFeatures("", train, test, options);
  ASSERT_TRUE(figures.ok()) << figures.status();
  EXPECT_EQ(figures->back().second, 100);
  EXPECT_THAT(answered, testing::Each(testing::AnyOf(3, 16000000)));
}

TEST(RepresentationTest, WhatIsNotGivenBackHasNoReconstructionError) {
  RepresentationOptions options;
  options.reconstructs = false;
  EXPECT_THAT(Names(*ScoreSamples(false, 2, Blobs(true), options)),
              ElementsAre("pca_knn", "pca_knn_k10", "pca_probe"));
}

TEST(RepresentationTest, SamplesWithoutALabelDoNotCount) {
  const Blobs dataset(true, 3);
  LinearEncoder encoder(0);
  const auto figures = ScoreEncoder("", encoder, dataset, {});
  ASSERT_TRUE(figures.ok()) << figures.status();
  EXPECT_GE(figures->back().second, 95);
  Features features{.count = 2, .width = 1, .values = {1, 2}, .labels = {-1, -1}};
  EXPECT_TRUE(ScoreFeatures("", features, features, {})->empty());
}

TEST(RepresentationTest, DivergedEncoderIsAnError) {
  LinearEncoder encoder(std::numeric_limits<float>::quiet_NaN());
  const auto figures = ScoreEncoder("", encoder, Blobs(true), {});
  EXPECT_THAT(std::string(figures.status().message()),
              HasSubstr("feature 0 of sample 0 of the training split is nan"));
}

TEST(RepresentationTest, TellsWhatItDoes) {
  std::vector<std::string> told;
  RepresentationOptions options{.batch_size = 512,
                                .work = Work([&](absl::string_view what, double) {
                                  if (told.empty() || told.back() != what) told.emplace_back(what);
                                  return what != "untrained probe";
                                })};
  LinearEncoder encoder(0);
  EXPECT_EQ(ScoreEncoder("untrained_", encoder, Blobs(true), options).status().code(),
            absl::StatusCode::kCancelled);
  EXPECT_THAT(told, ElementsAre("untrained features", "untrained k-NN", "untrained probe"));
}

}  // namespace
}  // namespace pretext
