#include "pipelines/report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/file/file_writer.h"
#include "base/file/folder.h"
#include "base/file/read_file.h"
#include "base/file/testing.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr char kHostile[] = "</script><img src=x onerror=alert(1)>\"'&";

constexpr char kMetrics[] =
    "{\"step\":10,\"epoch\":0.5,\"loss\":2,\"loss_chance\":3,\"seconds\":2,\"data_share\":0.25}\n"
    "{\"step\":20,\"epoch\":1,\"loss\":1,\"loss_chance\":3,\"seconds\":2,\"data_share\":0.25}\n"
    "{\"step\":20,\"epoch\":1,\"samples\":1000,\"seconds\":1,\"eval\":{\"validation_loss\":1.25,"
    "\"knn\":84.256,\"raw_knn\":78.9,\"untrained_knn\":74}}\n";

// All that a report can show, with a hostile text wherever there is one.
RunFiles Full() {
  RunFiles run;
  run.name = kHostile;
  run.path = "runs/x";
  run.pipeline_text = absl::StrCat("name: \"", kHostile, "\"");
  run.history = RunHistory::Parse(kMetrics);
  run.damage = {kHostile};
  ReportData& data = run.data;
  data.set_step(20);
  data.set_features(32);
  data.set_machine(kHostile);
  data.set_split("test");
  for (int i = 0; i < 12; ++i) data.add_class_name(absl::StrCat(kHostile, i));
  const auto thumbnail = [](ReportData::Thumbnail* t, int label) {
    t->set_png("png");
    t->set_width(2);
    t->set_height(2);
    t->set_label(label);
  };
  for (int i = 0; i < 12; ++i) {
    data.mutable_map()->add_pca_x(static_cast<float>(i));
    data.mutable_map()->add_pca_y(static_cast<float>(i % 3));
    data.mutable_map()->add_tsne_x(static_cast<float>(-i));
    data.mutable_map()->add_tsne_y(static_cast<float>(i % 5));
    data.mutable_map()->add_label(i);
    data.mutable_map()->add_index(i);
    data.mutable_map()->add_text(kHostile);
    data.add_spectrum(12 - i);
  }
  data.mutable_map()->set_sheet("png");
  data.mutable_map()->set_sheet_columns(4);
  auto& pair = *data.add_reconstruction();
  thumbnail(pair.mutable_sample(), 1);
  thumbnail(pair.mutable_given_back(), 1);
  auto& views = *data.add_views();
  thumbnail(views.mutable_sample(), 1);
  thumbnail(views.add_view(), 1);
  auto& near = *data.add_neighbors();
  thumbnail(near.mutable_sample(), 1);
  thumbnail(near.add_near(), 2);
  near.add_cosine(0.5f);
  auto& words = *data.add_neighbors();
  words.mutable_sample()->set_text(kHostile);
  words.add_near()->set_text(kHostile);
  words.add_cosine(0.25f);
  data.mutable_confusion()->set_figure("knn");
  data.mutable_confusion()->set_classes(2);
  for (const int count : {7, 3, 1, 9}) data.mutable_confusion()->add_count(count);
  auto& piece = *data.add_filled()->add_piece();
  piece.set_text(kHostile);
  piece.add_guess()->set_token(kHostile);
  auto& bin = *data.add_frequency();
  bin.set_least(10);
  bin.set_most(100);
  bin.set_targets(5);
  return run;
}

// Every element that is opened is closed, in order; attributes are quoted. By a reader of its own.
void ExpectWellFormed(const std::string& html) {
  const std::set<std::string> alone = {"meta", "link", "img", "br", "!doctype"};
  std::vector<std::string> open;
  for (size_t at = html.find('<'); at != std::string::npos; at = html.find('<', at)) {
    const size_t begin = at + 1;
    size_t end = begin;
    bool quoted = false;
    for (; end < html.size() && (quoted || html[end] != '>'); ++end) {
      quoted ^= html[end] == '"';
      ASSERT_FALSE(!quoted && html[end] == '<') << html.substr(begin, 80);
    }
    ASSERT_LT(end, html.size()) << html.substr(begin, 80);
    const std::string tag = html.substr(begin, end - begin);
    const std::string name =
        tag.substr(tag[0] == '/', tag.find_first_of(" \n/", 1) - (tag[0] == '/'));
    at = end;
    if (tag[0] == '/') {
      ASSERT_FALSE(open.empty()) << tag;
      ASSERT_EQ(open.back(), name) << html.substr(begin > 200 ? begin - 200 : 0, 220);
      open.pop_back();
    } else if (alone.count(name) == 0 && tag.back() != '/') {
      open.push_back(name);
      if (name == "script" || name == "style") at = html.find("</" + name, end);
    }
  }
  EXPECT_TRUE(open.empty()) << open.back();
}

TEST(Report, HostileNamesStayText) {
  const std::string html = ReportHtml(Full());
  ExpectWellFormed(html);
  EXPECT_THAT(html, AllOf(Not(HasSubstr("<img src=x")), Not(HasSubstr("</script><img")),
                          HasSubstr("&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;"),
                          HasSubstr("\\u003c/script>\\u003cimg")));
}

TEST(Report, NamesTheClassesThatThereAre) {
  RunFiles run = Full();
  run.data.mutable_map()->set_label(11, 16000000);
  run.data.mutable_map()->set_label(10, -1);
  const std::string html = ReportHtml(run);
  EXPECT_LT(html.size(), size_t{1} << 20);
  EXPECT_THAT(html, AllOf(HasSubstr(",\"16000000\":\"class 16000000\"}"),
                          HasSubstr("data-label=\"16000000\""), Not(HasSubstr("\"-1\":"))));
}

TEST(Report, NothingComesFromElsewhere) {
  const std::string html = ReportHtml(Full());
  for (const char* elsewhere : {"http:", "https:", "//cdn", "@import", "src=\"/", "href=\"/"})
    EXPECT_THAT(html, Not(HasSubstr(elsewhere))) << elsewhere;
  EXPECT_THAT(html, AllOf(HasSubstr("name=\"viewport\""), HasSubstr("prefers-color-scheme:dark"),
                          HasSubstr("<html lang=\"en\">")));
}

TEST(Report, EverySectionInItsOrder) {
  const std::string html = ReportHtml(Full());
  size_t at = 0;
  for (const char* id : {"learnt", "curves", "reconstructions", "views", "blanks", "neighbours",
                         "map", "spectrum", "confusion", "machine", "pipeline"}) {
    const size_t found = html.find(absl::StrCat("<h2 id=\"", id, "\">"));
    ASSERT_NE(found, std::string::npos) << id;
    EXPECT_GT(found, at) << id;
    at = found;
  }
}

TEST(Report, FiguresAndVerdicts) {
  const std::string html = ReportHtml(Full());
  EXPECT_THAT(html, AllOf(HasSubstr("Yes: better than untrained (knn 84.26 against 74)."),
                          HasSubstr("<th scope=\"row\">h</th><td></td><td>84.26</td>"),
                          HasSubstr("<th scope=\"row\">raw input</th><td></td><td>78.9</td>"),
                          HasSubstr("validation loss 1.25 beside 1.5 in training"),
                          HasSubstr("validation_loss 1.25 at 20"), HasSubstr("chance from 3 at 10"),
                          HasSubstr("knn: 16 of 20 right, 80.0 %"), HasSubstr("25.0 %")));
}

// Marks are told apart by more than colour, what is interactive is reached by keyboard and named.
TEST(Report, WorksWithoutColourAndByKeyboard) {
  const std::string html = ReportHtml(Full());
  EXPECT_THAT(
      html, AllOf(HasSubstr("href=\"#m3\""), HasSubstr("href=\"#m9\""),
                  HasSubstr("tabindex=\"0\" role=\"application\" aria-label=\"t-SNE"),
                  HasSubstr("aria-live=\"polite\""), HasSubstr("role=\"img\" aria-label=\"loss: "),
                  HasSubstr("≠ 0.500"), HasSubstr("✓ good")));
  // The eleventh class has the first one's shape, and another colour.
  EXPECT_THAT(html, AllOf(HasSubstr("class=\"p f0\" href=\"#m0\""),
                          HasSubstr("class=\"p f1\" href=\"#m0\"")));
}

TEST(Report, ARunWithoutAnythingIsStillAPage) {
  const std::string html = ReportHtml(RunFiles());
  ExpectWellFormed(html);
  EXPECT_THAT(html, AllOf(HasSubstr("Unknown: "), HasSubstr("not evaluated yet"),
                          Not(HasSubstr("<script"))));
}

TEST(Comparison, CurvesResultsAndDifferences) {
  std::vector<RunFiles> runs(2);
  for (int i = 0; i < 2; ++i) {
    runs[i] = Full();
    runs[i].name = absl::StrCat("run<", i);
    runs[i].pipeline.config->mutable_train()->set_batch_size(64 << i);
  }
  const std::string html = ComparisonHtml(runs);
  ExpectWellFormed(html);
  EXPECT_THAT(html, AllOf(HasSubstr("train.batch_size</th><td>64</td><td>128</td>"),
                          HasSubstr("run&lt;0 training"), HasSubstr("run&lt;1 training"),
                          HasSubstr("<strong>84.26</strong>")));
  runs[1].pipeline.config->mutable_train()->set_batch_size(64);
  EXPECT_THAT(ComparisonHtml(runs), HasSubstr("Their pipelines are the same"));
  // Of three the first may be of another kind: what the other two differ in is told, each by its
  // own value, and nothing of a part that a run does not have.
  runs.push_back(Full());
  runs[2].pipeline.config->mutable_train()->set_batch_size(64);
  for (int i = 0; i < 3; ++i) {
    Teacher* const teacher = i > 0 ? runs[i].pipeline.config->mutable_teacher() : nullptr;
    if (teacher != nullptr) teacher->mutable_momentum()->set_from(0.5 + 0.25 * i);
  }
  EXPECT_THAT(ComparisonHtml(runs),
              HasSubstr("teacher.momentum.from</th><td></td><td>0.75</td><td>1</td>"));
}

TEST(WriteReport, ChangesNothingWhereItIsThere) {
  const TestFolder folder;
  const std::string run = folder / "run";
  ASSERT_TRUE(MakeFolders(run).ok());
  ASSERT_TRUE(WriteFileAtomically(run + "/pipeline.textproto", "name: \"a\"\n").ok());
  ASSERT_TRUE(WriteFileAtomically(run + "/metrics.jsonl", kMetrics).ok());
  ASSERT_TRUE(WriteReport(run).ok());
  EXPECT_THAT(*ReadFile(run + "/report.html"), HasSubstr("<h1>a</h1>"));
  bool written = false;
  for (const Kind kind : Calls([&] { EXPECT_TRUE(WriteReport(run).ok()); }))
    written |= kind == Kind::kWrite;
  EXPECT_FALSE(written);
}

}  // namespace
}  // namespace pretext
