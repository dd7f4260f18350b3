// A trained run's report says what its metrics say, whichever way it was made; and the commands
// around it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <regex>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "pipelines/evaluate/figure_table.h"
#include "pipelines/run/run_history.h"
#include "tests/program.h"

namespace pretext {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// A run of three epochs, trained once.
const std::string& ShownRun() {
  static const std::string* const run = [] {
    WriteScratchFile("shown.textproto", SmallAutoencoder("shown"));
    const ProgramResult result =
        RunProgram({"train", "shown.textproto", "--override",
                    "train { epochs: 3 log_every: 1 } evaluate { every_epochs: 1 }"});
    EXPECT_EQ(result.exit_code, 0) << result.output;
    EXPECT_THAT(result.output, HasSubstr("judged "));
    return new std::string("runs/shown");
  }();
  return *run;
}

std::string Without(const std::string& html) {
  return std::regex_replace(html, std::regex("<[^>]*>"), "");
}

// The table below "Did it learn?": the cells of each line by their header.
std::map<std::string, std::map<std::string, std::string>> Table(const std::string& page) {
  const size_t begin = page.find("<table>", page.find("<h2 id=\"learnt\">"));
  const std::string table = page.substr(begin, page.find("</table>", begin) - begin);
  std::vector<std::string> columns;
  std::map<std::string, std::map<std::string, std::string>> lines;
  for (const auto line : absl::StrSplit(table, "<tr>")) {
    std::vector<std::string> cells;
    const std::string text(line);
    const std::regex cell("<t([hd])[^>]*>(.*?)</t[hd]>");
    for (std::sregex_iterator it(text.begin(), text.end(), cell), end; it != end; ++it)
      cells.push_back(Without((*it)[2]));
    if (cells.empty()) continue;
    if (columns.empty()) {
      columns = cells;
    } else {
      for (size_t i = 1; i < cells.size(); ++i) lines[cells[0]][columns[i]] = cells[i];
    }
  }
  return lines;
}

TEST(Report, ItsFiguresAreThoseOfTheMetrics) {
  const std::string page = FileContents(ShownRun() + "/report.html");
  const RunHistory history = RunHistory::Parse(FileContents(ShownRun() + "/metrics.jsonl"));
  ASSERT_EQ(history.evaluations().size(), 3u);
  const FigureTable want = MakeFigureTable(history.evaluations().back().figures);
  auto got = Table(page);
  ASSERT_EQ(got.size(), want.rows.size());
  int compared = 0;
  for (const FigureTable::Row& row : want.rows) {
    for (size_t c = 0; c < want.columns.size(); ++c, ++compared)
      EXPECT_EQ(got[row.title][want.columns[c]], FigureCell(row.cells[c])) << row.title;
  }
  EXPECT_GE(compared, 20);
}

// Each point of the drawn loss is one of the metrics': its height goes with the value by one
// straight line (or by that of the logarithms) for all of them.
TEST(Report, ItsCurveIsThatOfTheMetrics) {
  const std::string page = FileContents(ShownRun() + "/report.html");
  const HistorySeries loss =
      RunHistory::Parse(FileContents(ShownRun() + "/metrics.jsonl")).training("loss");
  const size_t chart = page.find("id=\"curve-loss\"");
  ASSERT_NE(chart, std::string::npos);
  const bool log = page.substr(chart, 200).find("logarithmic") != std::string::npos;
  const size_t begin = page.find("points=\"", chart) + 8;
  std::vector<std::pair<double, double>> points;
  for (const auto point :
       absl::StrSplit(page.substr(begin, page.find('"', begin) - begin), ' ', absl::SkipEmpty())) {
    const std::vector<std::string> xy = absl::StrSplit(point, ',');
    points.emplace_back(std::atof(xy[0].c_str()), std::atof(xy[1].c_str()));
  }
  ASSERT_EQ(points.size(), loss.size());
  const auto height = [&](size_t i) { return log ? std::log(loss[i].value) : loss[i].value; };
  const size_t last = loss.size() - 1;
  ASSERT_NE(height(0), height(last));
  const double slope = (points[last].second - points[0].second) / (height(last) - height(0));
  EXPECT_LT(slope, 0) << "larger is higher";
  for (size_t i = 0; i <= last; ++i) {
    // Places are written to a tenth.
    EXPECT_TRUE(std::abs(points[0].second + slope * (height(i) - height(0)) - points[i].second) <=
                0.21)
        << i;
  }
}

TEST(Report, IsMadeAnewWithoutDatasetAndEncoder) {
  const std::string before = FileContents(ShownRun() + "/report.html");
  EXPECT_THAT(before, AllOf(HasSubstr("id=\"map\""), HasSubstr("id=\"reconstructions\""),
                            HasSubstr("id=\"confusion\""), HasSubstr("id=\"neighbours\"")));
  ASSERT_EQ(
      RunProgram({"train", "shown.textproto", "--override", "train { epochs: 1 } name: \"moved\""})
          .exit_code,
      0);
  // Nothing but the run's text files and report_data.binpb is left.
  const std::string run = ScratchFolder() + "/runs/moved";
  ASSERT_EQ(std::system(("rm -rf " + run + "/checkpoint " + run + "/report.html " + run +
                         "/tensorboard && cp -r " + run + " " + ScratchFolder() + "/elsewhere")
                            .c_str()),
            0);
  const ProgramResult result = RunProgram({"report", "elsewhere"});
  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(FileContents("elsewhere/report.html"),
              AllOf(HasSubstr("id=\"map\""), HasSubstr("id=\"confusion\"")));
}

TEST(Report, SeveralRunsAreCompared) {
  ShownRun();
  ASSERT_EQ(RunProgram({"train", "shown.textproto", "--override",
                        "train { seed: 7 epochs: 1 } name: \"other\""})
                .exit_code,
            0);
  const ProgramResult result =
      RunProgram({"report", "runs/shown", "runs/other", "--out", "both.html"});
  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(FileContents("both.html"), AllOf(HasSubstr("train.seed"), HasSubstr("shown training"),
                                               HasSubstr("other training")));
  const ProgramResult no_out = RunProgram({"report", "runs/shown", "runs/other"});
  EXPECT_EQ(no_out.exit_code, 2);
  EXPECT_THAT(no_out.output, HasSubstr("--out"));
}

TEST(Report, WhatIsNoRunIsAnError) {
  const ProgramResult result = RunProgram({"report", "nowhere"});
  EXPECT_NE(result.exit_code, 0);
  EXPECT_THAT(result.output, HasSubstr("nowhere is not a run"));
  EXPECT_EQ(RunProgram({"report"}).exit_code, 2);
}

// Of an encoder whose h is wider than a covariance matrix would be decomposed for.
TEST(Report, ARunWithWideFeaturesHasItsMap) {
  WriteScratchFile("wide.textproto", SmallAutoencoder("wide"));
  const ProgramResult result =
      RunProgram({"train", "wide.textproto", "--override",
                  "encoder { [type.googleapis.com/pretext.Mlp] { code: 5000 } } train { epochs: 1 "
                  "} evaluate { probe { max_iterations: 2 } }"});
  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(FileContents("runs/wide/report.html"),
              AllOf(HasSubstr("id=\"map\""), HasSubstr("Of 5000 directions")));
}

TEST(Report, SamplesCanBeLeftOut) {
  ASSERT_EQ(RunProgram({"train", "shown.textproto", "--override",
                        "train { epochs: 1 } name: \"plain\" output { report_samples: 0 }"})
                .exit_code,
            0);
  EXPECT_THAT(FileContents("runs/plain/report.html"),
              AllOf(HasSubstr("Did it learn?"), Not(HasSubstr("id=\"map\""))));
}

TEST(Runs, ATableThatIsSorted) {
  ShownRun();
  const ProgramResult table = RunProgram({"runs", "--sort", "test_mse"});
  EXPECT_EQ(table.exit_code, 0) << table.output;
  EXPECT_THAT(table.output, AllOf(HasSubstr("run "), HasSubstr("shown"), HasSubstr("finished"),
                                  HasSubstr("test_mse")));
  const ProgramResult json = RunProgram({"runs", "runs", "--json"});
  EXPECT_THAT(json.output, HasSubstr("\"name\":\"shown\",\"state\":\"finished\",\"step\":24"));
  const ProgramResult unknown = RunProgram({"runs", "--sort", "nonsense"});
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_THAT(unknown.output, HasSubstr("There are: "));
  EXPECT_NE(RunProgram({"runs", "nowhere"}).exit_code, 0);
}

// What TensorBoard's projector and pictures need is there, with paths from the config's folder.
TEST(TensorBoard, ProjectorFilesAreThere) {
  const std::string folder = ShownRun() + "/tensorboard/";
  const std::string config = FileContents(folder + "projector_config.pbtxt");
  EXPECT_THAT(config, AllOf(HasSubstr("tensor_path: \"projector/h.tsv\""),
                            HasSubstr("metadata_path: \"projector/metadata.tsv\""),
                            HasSubstr("image_path: \"projector/sprite.png\"")));
  const std::string metadata = FileContents(folder + "projector/metadata.tsv");
  const std::string vectors = FileContents(folder + "projector/h.tsv");
  EXPECT_EQ(std::count(metadata.begin(), metadata.end(), '\n'),
            std::count(vectors.begin(), vectors.end(), '\n') + 1);
  EXPECT_THAT(FileContents(folder + "projector/sprite.png"), testing::StartsWith("\x89PNG"));
}

}  // namespace
}  // namespace pretext
