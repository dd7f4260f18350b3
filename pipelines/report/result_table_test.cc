#include "pipelines/report/result_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "base/file/file_writer.h"
#include "base/file/folder.h"
#include "base/file/testing.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class ResultTableTest : public testing::Test {
 protected:
  // A run in the folder: `epochs` of its pipeline are asked for.
  void Write(const std::string& name, int epochs, const std::string& metrics) {
    const std::string path = folder_ / name;
    ASSERT_TRUE(MakeFolders(path).ok());
    const std::string pipeline = absl::StrCat("name: \"", name.substr(name.rfind('/') + 1),
                                              "\" train { epochs: ", epochs, " }\n");
    ASSERT_TRUE(WriteFileAtomically(path + "/pipeline.textproto", pipeline).ok());
    ASSERT_TRUE(WriteFileAtomically(path + "/metrics.jsonl", metrics).ok());
  }
  static std::string Line(double epoch, double probe) {
    return absl::StrCat("{\"step\":10,\"epoch\":", epoch, ",\"loss\":0.5,\"seconds\":3}\n",
                        "{\"step\":10,\"epoch\":", epoch,
                        ",\"samples\":50,\"eval\":{\"probe\":", probe,
                        ",\"raw_probe\":60,\"test_mse\":0.25}}\n");
  }
  std::vector<RunFiles> Runs() {
    std::vector<RunFiles> runs;
    const auto found = FindRuns(folder_ / ".");
    EXPECT_TRUE(found.ok()) << found.status();
    for (const std::string& path : *found) {
      auto run = ReadRun(path);
      EXPECT_TRUE(run.ok()) << run.status();
      runs.push_back(*std::move(run));
    }
    return runs;
  }
  static std::vector<std::string> Names(const ResultTable& table) {
    std::vector<std::string> names;
    for (const auto& row : table.rows) names.push_back(row.name);
    return names;
  }
  const TestFolder folder_;
};

TEST_F(ResultTableTest, RunsAreFoundSortedAndNamed) {
  Write("first", 2, Line(2, 80));
  Write("deeper/second", 2, Line(2, 90));
  Write("third", 2, Line(1, 85));
  Write("fourth", 2, "");
  ASSERT_TRUE(MakeFolders(folder_ / "no_run").ok());
  const std::vector<RunFiles> runs = Runs();
  ResultTable table = MakeResultTable(runs);
  EXPECT_THAT(Names(table), ElementsAre("second", "first", "fourth", "third")) << "by path";
  EXPECT_THAT(table.columns, ElementsAre("probe", "test_mse", "loss", "epoch", "seconds"));
  ASSERT_TRUE(SortResults("probe", table).ok());
  EXPECT_THAT(Names(table), ElementsAre("second", "third", "first", "fourth"));
  EXPECT_EQ(table.best[0], 90);
  ASSERT_TRUE(SortResults("name", table).ok());
  EXPECT_THAT(Names(table), ElementsAre("first", "fourth", "second", "third"));
  const absl::Status status = SortResults("prob", table);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("did you mean probe"), HasSubstr("test_mse, loss, epoch")));
  EXPECT_EQ(runs[0].state, RunFiles::State::kFinished);
  EXPECT_EQ(runs[3].state, RunFiles::State::kUnfinished) << "one epoch of two";
  EXPECT_THAT(FormatResults(table),
              HasSubstr("\nthird   unfinished     85      0.25   0.5      1        3\n"));
}

TEST_F(ResultTableTest, DamageIsNamedAndTheRestIsShown) {
  Write("good", 2, Line(2, 80) + "{\"step\":11,\"ep");
  Write("bad", 2, Line(2, 70));
  ASSERT_TRUE(
      WriteFileAtomically(folder_ / "bad/pipeline.textproto", "name: \"x\" nonsense {").ok());
  ASSERT_TRUE(WriteFileAtomically(folder_ / "bad/report_data.binpb", "\xff\xff").ok());
  const std::vector<RunFiles> runs = Runs();
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[0].damage.size(), 2u);
  EXPECT_THAT(runs[1].damage, ElementsAre(HasSubstr("1 line is no metrics")));
  const ResultTable table = MakeResultTable(runs);
  EXPECT_EQ(table.rows[0].figures[0], 70);
  EXPECT_THAT(FormatResults(table), HasSubstr("damaged"));
}

TEST_F(ResultTableTest, NoneIsTheBestAmongDifferentLosses) {
  Write("one", 2, Line(2, 80));
  Write("two", 2, Line(2, 70));
  std::vector<RunFiles> runs = Runs();
  for (RunFiles& run : runs)
    run.history.Add("{\"step\":10,\"epoch\":2,\"eval\":{\"test_loss\":3,\"probe\":60}}");
  const auto best = [&] {
    const ResultTable table = MakeResultTable(runs);
    EXPECT_THAT(table.columns, ElementsAre("test_loss", "probe", "loss", "epoch", "seconds"));
    return std::vector<bool>{table.best[0].has_value(), table.best[1].has_value(),
                             table.best[2].has_value()};
  };
  EXPECT_THAT(best(), ElementsAre(true, true, true));
  runs[0].pipeline.config->mutable_loss()->set_value("another temperature");
  EXPECT_THAT(best(), ElementsAre(false, true, false));
}

TEST_F(ResultTableTest, JsonHasAllFigures) {
  Write("one", 2, Line(2, 80));
  const std::vector<RunFiles> runs = Runs();
  EXPECT_THAT(
      ResultsAsJson(MakeResultTable(runs)),
      HasSubstr("\"name\":\"one\",\"state\":\"finished\",\"step\":10,\"epoch\":2,\"seconds\":3,"
                "\"loss\":0.5,\"figures\":{\"probe\":80,\"raw_probe\":60,\"test_mse\":0.25}}\n"));
}

TEST_F(ResultTableTest, TwoOfOneNameAreToldApart) {
  Write("a/run", 2, Line(2, 80));
  Write("b/run", 2, Line(2, 70));
  const std::vector<RunFiles> runs = Runs();
  EXPECT_THAT(Names(MakeResultTable(runs)), ElementsAre(HasSubstr("/a/run"), HasSubstr("/b/run")));
}

TEST_F(ResultTableTest, ARunIsFoundOnceWhateverLinksThereAre) {
  Write("run-3", 2, Line(2, 80));
  std::filesystem::create_directory_symlink("run-3", folder_ / "latest");
  std::filesystem::create_directory_symlink(".", folder_ / "loop");
  const auto found = FindRuns(folder_ / ".");
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_THAT(*found, ElementsAre(testing::EndsWith("/run-3")));
}

TEST_F(ResultTableTest, AFolderThatIsNotThereIsAnError) {
  EXPECT_FALSE(FindRuns(folder_ / "nowhere").ok());
  EXPECT_EQ(ReadRun(folder_ / ".").status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace pretext
