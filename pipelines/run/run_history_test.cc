#include "pipelines/run/run_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pretext {
namespace {

using testing::ElementsAre;
using testing::Pair;

constexpr char kMetrics[] =
    "{\"step\":10,\"epoch\":0.5,\"loss\":2,\"h_spread\":null,\"seconds\":3,\"data_share\":0.5}\n"
    "{\"step\":20,\"epoch\":1,\"loss\":1.5,\"seconds\":1,\"data_share\":0.1}\n"
    "{\"step\":20,\"epoch\":1,\"samples\":100,\"seconds\":4,\"eval\":{\"test_mse\":0.5,\"knn\":80,"
    "\"a_knn\":3,\"raw_knn\":70}}\n"
    "no json\n"
    "{\"loss\":1}\n"
    "{\"step\":30,\"lo";

TEST(RunHistory, SeriesAndEvaluations) {
  const RunHistory history = RunHistory::Parse(kMetrics);
  const HistorySeries& loss = history.training("loss");
  ASSERT_EQ(loss.size(), 2u);
  EXPECT_EQ(loss[1].step, 20);
  EXPECT_EQ(loss[1].value, 1.5);
  EXPECT_TRUE(history.training("h_spread").empty()) << "not a number";
  EXPECT_TRUE(history.training("samples").empty()) << "of an evaluation";
  ASSERT_EQ(history.evaluations().size(), 1u);
  const HistoryEvaluation& evaluation = history.evaluations()[0];
  EXPECT_EQ(evaluation.samples, 100);
  EXPECT_EQ(evaluation.seconds, 4);
  EXPECT_THAT(evaluation.figures, ElementsAre(Pair("test_mse", 0.5), Pair("knn", 80),
                                              Pair("a_knn", 3), Pair("raw_knn", 70)));
  EXPECT_EQ(*history.latest("knn"), 80);
  EXPECT_EQ(history.latest("probe"), nullptr);
  EXPECT_EQ(history.evaluation("raw_knn").size(), 1u);
  EXPECT_EQ(history.damaged_lines(), 3);
  EXPECT_EQ(history.last_step(), 20);
  EXPECT_EQ(history.last_epoch(), 1);
}

// 3 seconds at a half and 1 at a tenth.
TEST(RunHistory, TimeIsThatOfSteps) {
  const RunHistory history = RunHistory::Parse(kMetrics);
  EXPECT_EQ(history.seconds(), 4);
  EXPECT_DOUBLE_EQ(history.data_share(), 0.4);
  EXPECT_EQ(RunHistory().data_share(), 0);
}

// Lines of times are behind those of metrics.
TEST(RunHistory, TimesAreOfTheStepsBefore) {
  const RunHistory history = RunHistory::Parse(
      "{\"step\":10,\"epoch\":1,\"loss\":2}\n{\"step\":10,\"epoch\":1,\"eval\":{\"knn\":80}}\n"
      "{\"step\":20,\"epoch\":2,\"loss\":1}\n{\"step\":10,\"epoch\":1,\"seconds\":3}\n"
      "{\"step\":10,\"epoch\":1,\"eval_seconds\":7}\n");
  EXPECT_EQ(history.last_step(), 20);
  EXPECT_EQ(history.last_epoch(), 2);
  EXPECT_EQ(history.seconds(), 3);
  ASSERT_EQ(history.evaluations().size(), 1u);
  EXPECT_EQ(history.evaluations()[0].seconds, 7);
  EXPECT_EQ(history.damaged_lines(), 0);
}

TEST(RunHistory, TheHeldOutLossIsTheValidationSplitsWhereThereIsOne) {
  EXPECT_EQ(HeldOutLossName({{"test_loss", 1}, {"validation_loss", 2}}), "validation_loss");
  EXPECT_EQ(HeldOutLossName({{"knn", 1}, {"masked_loss", 2}}), "masked_loss");
  EXPECT_EQ(HeldOutLossName({{"knn", 1}}), "");
}

}  // namespace
}  // namespace pretext
