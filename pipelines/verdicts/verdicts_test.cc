#include "pipelines/verdicts/verdicts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "absl/strings/str_cat.h"
#include "base/random/random.h"

namespace pretext {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class FakeRun {
 public:
  // A line a step of ten, with the loss that is given.
  FakeRun& Train(int64_t lines, const std::function<double(double)>& loss,
                 const std::string& more = "") {
    for (int64_t i = 0; i < lines; ++i) {
      step_ += 10;
      history_.Add(
          absl::StrCat("{\"step\":", step_, ",\"epoch\":1,\"loss\":", loss(step_), more, "}"));
    }
    return *this;
  }
  FakeRun& Evaluate(const std::string& figures, int samples = 10000) {
    history_.Add(absl::StrCat("{\"step\":", step_, ",\"epoch\":1,\"samples\":", samples,
                              ",\"eval\":{", figures, "}}"));
    return *this;
  }
  std::string Line(int64_t features = 32) const {
    return VerdictLine(JudgeRun({history_, features}));
  }
  std::string Answer() const { return Headline(JudgeRun({history_})); }

 private:
  double step_ = 0;
  RunHistory history_;
};

double Flat(double) { return 2; }

TEST(Verdicts, NothingIsSaidOfNothing) {
  EXPECT_EQ(FakeRun().Line(), "");
  EXPECT_THAT(FakeRun().Answer(), StartsWith("Unknown"));
}

TEST(Verdicts, BetterThanUntrained) {
  const FakeRun run = FakeRun().Train(1, Flat).Evaluate(
      "\"probe\":82.88,\"raw_probe\":83.55,\"pca_probe\":81.48,\"untrained_probe\":73.86");
  EXPECT_EQ(run.Answer(), "Yes: better than untrained (probe 82.88 against 73.86).");
  // 0.67 points of 10,000 samples are within their scatter, 1.06.
  EXPECT_THAT(run.Line(), HasSubstr("no better than the raw input (probe 82.88 against 83.55)"));
}

// The same two figures: of a hundred samples, and of ten thousand.
TEST(Verdicts, ADifferenceIsHeldAgainstItsScatter) {
  const std::string figures = "\"probe\":80,\"untrained_probe\":76";
  EXPECT_EQ(FakeRun().Evaluate(figures, 10000).Answer(),
            "Yes: better than untrained (probe 80 against 76).");
  EXPECT_THAT(FakeRun().Evaluate(figures, 100).Answer(),
              AllOf(StartsWith("No: no better than untrained (probe 80 against 76; "),
                    HasSubstr("differences below 12 are chance")));
  // 200 √(2/3 · 1/3 · 2) = 133 points of a single sample, 35 of seven and eight of eight.
  for (const auto& [of, samples] : {std::pair("\"probe\":100,\"untrained_probe\":0", 1),
                                    {"\"probe\":100,\"untrained_probe\":87.5", 8}})
    EXPECT_THAT(FakeRun().Evaluate(of, samples).Answer(), StartsWith("No: no better")) << of;
  EXPECT_THAT(FakeRun().Evaluate("\"knn\":70,\"untrained_knn\":76").Answer(),
              StartsWith("No: worse than untrained (knn 70 against 76)"));
}

TEST(Verdicts, AllRightBeforeTrainingIsNoVerdict) {
  EXPECT_THAT(FakeRun().Evaluate("\"probe\":100,\"untrained_probe\":100").Answer(),
              StartsWith("Unknown"));
}

TEST(Verdicts, Reconstruction) {
  EXPECT_EQ(FakeRun().Evaluate("\"test_mse\":0.009,\"pca_test_mse\":0.015").Answer(),
            "Yes: reconstructs better than PCA of the same width (error 0.009 against 0.015, 40 % "
            "less).");
  EXPECT_THAT(FakeRun().Evaluate("\"test_mse\":0.01516,\"pca_test_mse\":0.01514").Line(),
              HasSubstr("reconstructs as well as PCA"));
  EXPECT_THAT(FakeRun().Evaluate("\"test_mse\":0.018,\"pca_test_mse\":0.015").Line(),
              HasSubstr("reconstructs worse than PCA"));
  EXPECT_THAT(FakeRun().Evaluate("\"test_mse\":0.018,\"pca_test_mse\":0.015").Answer(),
              StartsWith("Unknown: reconstructs worse than PCA of the same width"));
}

TEST(Verdicts, Language) {
  const auto of = [](const std::string& loss) {
    return FakeRun()
        .Evaluate(absl::StrCat("\"masked_loss\":", loss,
                               ",\"unigram_masked_loss\":6.36,\"bigram_masked_loss\":4.5"))
        .Answer();
  };
  EXPECT_THAT(of("6.3"), StartsWith("No: on the unigram's plateau (6.300 nats; unigram 6.360"));
  EXPECT_THAT(of("6.9"), StartsWith("No: worse than the unigram (6.900 nats; unigram 6.360"));
  EXPECT_THAT(of("5.43"), StartsWith("Yes: better than the unigram, not yet than the bigram"));
  EXPECT_THAT(of("4.2"), StartsWith("Yes: better than the bigram (4.200 nats"));
}

TEST(Verdicts, TargetsThatAreAlike) {
  const std::string of = ",\"loss_chance\":5.5,\"h_effective_rank\":12,\"used_scores\":";
  const auto with = [&](const char* used) {
    return FakeRun().Train(
        20, [](double) { return 0.0008; }, of + used);
  };
  EXPECT_THAT(with("1.02").Answer(), StartsWith("No: complete collapse: the targets use 1"));
  EXPECT_THAT(with("1.02").Line(), Not(HasSubstr("below chance")));
  EXPECT_THAT(with("40").Answer(), StartsWith("Yes: the loss is below chance"));
}

TEST(Verdicts, Chance) {
  const std::string landmarks = ",\"loss_chance\":6.2,\"loss_floor\":3";
  const auto at = [&](double loss) {
    return FakeRun()
        .Train(
            20, [&](double) { return loss; }, landmarks)
        .Answer();
  };
  EXPECT_THAT(at(6.19), StartsWith("No: the loss is at chance (loss 6.19, chance 6.2)"));
  EXPECT_THAT(at(5), StartsWith("Yes: the loss is below chance"));
  EXPECT_THAT(FakeRun()
                  .Train(
                      5, [](double) { return 6.19; }, landmarks)
                  .Answer(),
              StartsWith("Unknown"))
      << "the first steps are at chance";
}

TEST(Verdicts, Collapse) {
  const auto with = [](const std::string& figures) { return FakeRun().Train(20, Flat, figures); };
  EXPECT_THAT(with(",\"h_spread\":0.001,\"h_effective_rank\":1.5").Answer(),
              StartsWith("No: complete collapse: h_spread 0.001"));
  EXPECT_THAT(with(",\"h_spread\":0.9,\"z_spread\":0.002,\"h_effective_rank\":9").Answer(),
              StartsWith("No: complete collapse: z_spread 0.002"));
  EXPECT_THAT(with(",\"h_spread\":0,\"h_effective_rank\":0").Line(1), Not(HasSubstr("collapse")))
      << "one feature has no directions";
  const FakeRun line = with(",\"h_spread\":0.5,\"h_effective_rank\":1.5");
  EXPECT_THAT(line.Line(), HasSubstr("dimensional collapse: effective rank 1.50 of 32"));
  EXPECT_THAT(line.Line(2), Not(HasSubstr("collapse"))) << "two features have no more directions";
  EXPECT_THAT(with(",\"h_spread\":0.5,\"h_effective_rank\":9.13").Line(),
              HasSubstr("effective rank 9.13 of 32 (9.13 at step 10)"));
}

TEST(Verdicts, TrendsAreSaidWhereAFitSaysSo) {
  Random random({.seed = 1});
  const auto noisy = [&](double per_step) {
    return
        [&random, per_step](double step) { return 2 - per_step * step + 0.02 * random.Normal(); };
  };
  // Of 3000 steps the last third falls by 0.4, a fifth of the loss.
  EXPECT_THAT(
      FakeRun().Train(300, noisy(0.0004)).Line(),
      AllOf(HasSubstr("still falling (the training loss by "), HasSubstr("since step 2010")));
  // No loss falls by more than all of it: here from 1 to 0.
  EXPECT_THAT(FakeRun().Train(300, [](double step) { return 3 - step / 1000; }).Line(),
              HasSubstr("still falling (the training loss by 94 %"));
  EXPECT_THAT(FakeRun().Train(300, noisy(-0.0004)).Line(),
              HasSubstr("rising (the training loss by "));
  EXPECT_THAT(FakeRun().Train(3000, noisy(0)).Line(), HasSubstr("settled"));
  // As much noise as there is loss: neither the one nor the other can be said.
  const std::string unclear =
      FakeRun().Train(300, [&](double) { return 2 + 2 * random.Normal(); }).Line();
  EXPECT_THAT(unclear, AllOf(Not(HasSubstr("falling")), Not(HasSubstr("settled"))));
}

TEST(Verdicts, OverfitIsAHeldOutLossThatRisesTwiceWhileTrainingsFalls) {
  const auto falling = [](double step) { return 3 - step / 200; };
  const auto run = [&](const std::vector<double>& held_out,
                       const std::function<double(double)>& loss) {
    FakeRun fake;
    for (const double value : held_out)
      fake.Train(8, loss).Evaluate(absl::StrCat("\"validation_loss\":", value));
    return fake.Line();
  };
  EXPECT_THAT(run({2, 1.8, 1.9, 2.1}, falling),
              HasSubstr("overfit (the validation loss 2.1, 1.8 at step 160; training "));
  EXPECT_THAT(run({2, 1.8, 1.7, 2.1}, falling), Not(HasSubstr("overfit"))) << "once only";
  EXPECT_THAT(run({2, 1.8, 1.805, 1.81}, falling), Not(HasSubstr("overfit"))) << "too little";
  EXPECT_THAT(run({2, 1.8, 1.9, 2.1}, [](double step) { return 1 + step / 200; }),
              Not(HasSubstr("overfit")))
      << "training's rises too";
  EXPECT_THAT(run({2, 1.8, 1.9, 2.1}, [](double step) { return 3 - step / 1e6; }),
              Not(HasSubstr("overfit")))
      << "training's hardly falls";
  FakeRun few;
  for (const double value : {2.0, 1.8, 1.9, 2.1})
    few.Train(8, falling).Evaluate(absl::StrCat("\"validation_loss\":", value), 20);
  EXPECT_THAT(few.Line(), Not(HasSubstr("overfit"))) << "of a few samples";
  EXPECT_THAT(run({2, 1.8}, falling), HasSubstr("validation loss 1.8 beside "));
  RunHistory smaller;
  smaller.Add("{\"step\":10,\"epoch\":1,\"loss\":3}");
  smaller.Add(
      "{\"step\":10,\"epoch\":1,\"samples\":30,\"loss_batch\":30,\"eval\":"
      "{\"validation_loss\":2}}");
  EXPECT_THAT(
      VerdictLine(JudgeRun({smaller})),
      AllOf(HasSubstr("validation loss 2, of batches of 30 samples"), Not(HasSubstr("beside 3"))));
}

TEST(Verdicts, BoundByItsData) {
  const auto share = [](const char* data) {
    return FakeRun().Train(20, Flat, absl::StrCat(",\"seconds\":2,\"data_share\":", data)).Line();
  };
  EXPECT_THAT(share("0.5"), HasSubstr("bound by its data (50 % of the steps' time)"));
  EXPECT_THAT(share("0.1"), Not(HasSubstr("bound")));
}

TEST(Verdicts, WhatIsBadComesFirst) {
  const auto verdicts = JudgeRun({RunHistory::Parse(
      "{\"step\":200,\"epoch\":1,\"loss\":2,\"h_spread\":0.001,\"h_effective_rank\":1}\n"
      "{\"step\":200,\"epoch\":1,\"samples\":100,\"eval\":{\"test_mse\":1,\"pca_test_mse\":2}}")});
  ASSERT_GE(verdicts.size(), 2u);
  EXPECT_EQ(verdicts[0].about, "collapse");
  EXPECT_EQ(verdicts[1].about, "reconstruction");
}

}  // namespace
}  // namespace pretext
