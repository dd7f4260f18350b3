#include "pipelines/run/run_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "base/file/file_writer.h"
#include "base/file/read_file.h"
#include "base/file/testing.h"
#include "pipelines/run/tensorboard_event.pb.h"

namespace pretext {
namespace {

using testing::ElementsAre;

class RunMetricsTest : public testing::Test {
 protected:
  // What TensorBoard shows: "TAG@STEP=VALUE", of files in the order of their names, without what a
  // later start takes back.
  std::vector<std::string> Shown() {
    struct Scalar {
      int64_t step;
      std::string text;
    };
    std::vector<Scalar> shown;
    const std::string path = run_.tensorboard_path();
    const auto names = ListFolder(path);
    EXPECT_TRUE(names.ok()) << names.status();
    for (const std::string& name : *names) {
      const std::string data = *ReadFile(path + "/" + name);
      for (size_t at = 0; at < data.size();) {
        uint64_t length = 0;
        std::memcpy(&length, data.data() + at, sizeof(length));
        tensorboard::Event event;
        EXPECT_TRUE(event.ParseFromString(data.substr(at + 12, length)));
        at += 16 + length;
        if (event.session_log().status() == tensorboard::SessionLog::START) {
          std::erase_if(shown, [&](const Scalar& s) { return s.step >= event.step(); });
        }
        for (const auto& value : event.summary().value()) {
          shown.push_back({event.step(), value.tag() + "@" + std::to_string(event.step()) + "=" +
                                             std::to_string(value.simple_value()).substr(0, 4)});
        }
      }
    }
    std::vector<std::string> texts;
    for (const Scalar& s : shown) texts.push_back(s.text);
    return texts;
  }

  void Log(RunMetrics& metrics, int64_t step, double loss) {
    ASSERT_TRUE(metrics.Log(step, 1, "", {{"loss", loss}}).ok());
  }
  void Evaluate(RunMetrics& metrics, int64_t step, double knn) {
    ASSERT_TRUE(metrics.Log(step, 1, "eval", {{"knn", knn}}).ok());
  }

  const TestFolder folder_;
  RunDirectory run_ = *RunDirectory::Begin(folder_ / "run", true);
};

TEST_F(RunMetricsTest, GoesOnAfterAStep) {
  RunMetrics killed(run_);
  ASSERT_TRUE(killed.GoOnAfter(0, true).ok());
  Log(killed, 10, 0.5);
  Log(killed, 20, 0.25);
  Evaluate(killed, 20, 84);
  Log(killed, 30, 0.125);
  ASSERT_TRUE(AppendToFile(run_.metrics_path(), "{\"step\":15,\"lo").ok());

  RunMetrics metrics(run_);
  const auto kept = metrics.Read(20);
  ASSERT_TRUE(kept.ok()) << kept.status();
  EXPECT_FALSE(kept->whole);
  EXPECT_TRUE(kept->evaluated);
  EXPECT_FALSE(metrics.Read(10)->evaluated);
  EXPECT_TRUE(metrics.Read(10)->any_evaluated) << "later";
  ASSERT_TRUE(metrics.GoOnAfter(20, true).ok());
  Log(metrics, 30, 0.75);
  EXPECT_EQ(*ReadFile(run_.metrics_path()),
            "{\"step\":10,\"epoch\":1,\"loss\":0.5}\n"
            "{\"step\":20,\"epoch\":1,\"loss\":0.25}\n"
            "{\"step\":20,\"epoch\":1,\"eval\":{\"knn\":84}}\n"
            "{\"step\":30,\"epoch\":1,\"loss\":0.75}\n");
  EXPECT_THAT(Shown(), ElementsAre("train/loss@10=0.50", "train/loss@20=0.25", "eval/knn@20=84.0",
                                   "train/loss@30=0.75"));
}

// What is another each time is no part of the lines that a run is compared by.
TEST_F(RunMetricsTest, TimesHaveAFileOfTheirOwn) {
  RunMetrics killed(run_);
  ASSERT_TRUE(killed.GoOnAfter(0, true).ok());
  for (const int64_t step : {10, 20}) {
    ASSERT_TRUE(killed.Log(step, 1, "", {{"loss", 0.5}}, {}, {{"seconds", 3}}).ok());
    ASSERT_TRUE(killed.Log(step, 1, "eval", {{"knn", 84}}, {}, {{"eval_seconds", 7}}).ok());
  }
  RunMetrics metrics(run_);
  ASSERT_TRUE(metrics.GoOnAfter(10, true).ok());
  EXPECT_EQ(*ReadFile(run_.metrics_path()),
            "{\"step\":10,\"epoch\":1,\"loss\":0.5}\n"
            "{\"step\":10,\"epoch\":1,\"eval\":{\"knn\":84}}\n");
  EXPECT_EQ(*ReadFile(run_.times_path()),
            "{\"step\":10,\"epoch\":1,\"seconds\":3}\n"
            "{\"step\":10,\"epoch\":1,\"eval_seconds\":7}\n");
  EXPECT_EQ(metrics.history().seconds(), 3);
  ASSERT_EQ(metrics.history().evaluations().size(), 1u);
  EXPECT_EQ(metrics.history().evaluations()[0].seconds, 7);
}

// Killed between the lines of the file and of TensorBoard, which then lacks one.
TEST_F(RunMetricsTest, TensorBoardGetsWhatItLacks) {
  RunMetrics killed(run_);
  ASSERT_TRUE(killed.GoOnAfter(0, true).ok());
  Log(killed, 20, 0.25);
  ASSERT_TRUE(
      AppendToFile(run_.metrics_path(), "{\"step\":20,\"epoch\":1,\"eval\":{\"knn\":84}}\n").ok());
  RunMetrics metrics(run_);
  ASSERT_TRUE(metrics.GoOnAfter(20, true).ok());
  EXPECT_THAT(Shown(), ElementsAre("train/loss@20=0.25", "eval/knn@20=84.0"));
}

TEST_F(RunMetricsTest, AWholeFileIsLeftAlone) {
  RunMetrics metrics(run_);
  ASSERT_TRUE(metrics.GoOnAfter(0, false).ok());
  Log(metrics, 10, 0.5);
  const auto calls = Calls([&] { EXPECT_TRUE(metrics.GoOnAfter(10, false).ok()); });
  EXPECT_TRUE(calls.empty());
}

TEST_F(RunMetricsTest, FlushPutsLinesAndNameOnTheDisk) {
  RunMetrics metrics(run_);
  EXPECT_TRUE(metrics.Flush().ok()) << "of no lines";
  Log(metrics, 10, 0.5);
  EXPECT_THAT(Calls([&] { EXPECT_TRUE(metrics.Flush().ok()); }),
              ElementsAre(Kind::kOpen, Kind::kFlush, Kind::kFlushFolder, Kind::kOpen))
      << "there are no times";
  ASSERT_TRUE(metrics.Log(20, 1, "", {{"loss", 0.5}}, {}, {{"seconds", 3}}).ok());
  EXPECT_THAT(Calls([&] { EXPECT_TRUE(metrics.Flush().ok()); }),
              ElementsAre(Kind::kOpen, Kind::kFlush, Kind::kFlushFolder, Kind::kOpen, Kind::kFlush,
                          Kind::kFlushFolder));
}

}  // namespace
}  // namespace pretext
