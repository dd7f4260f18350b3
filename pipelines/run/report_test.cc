#include "pipelines/run/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pretext {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr char kMetrics[] =
    "{\"step\":1,\"epoch\":0.5,\"loss\":2,\"loss_chance\":3}\n"
    "not json\n"
    "{\"step\":2,\"epoch\":1,\"loss\":1,\"loss_chance\":3}\n"
    "{\"step\":1,\"epoch\":1,\"eval\":{\"knn\":70}}\n"
    "{\"step\":2,\"epoch\":1,\"eval\":{\"knn\":84.25}}\n";

TEST(ReportHtml, ShowsFiguresChartsAndThePipeline) {
  const std::string html = ReportHtml("a<b", kMetrics, "name: \"a<b\"");
  EXPECT_THAT(
      html,
      AllOf(HasSubstr("<h1>a&lt;b</h1>"), HasSubstr("<td>knn</td><td>84.25</td>"),
            HasSubstr("<figcaption>loss</figcaption>"), HasSubstr("<title>loss_chance</title>"),
            HasSubstr("<figcaption>knn</figcaption>"), HasSubstr("name: \"a&lt;b\"")));
  // Landmarks have no chart of their own, and nothing is loaded from elsewhere.
  EXPECT_THAT(html, AllOf(Not(HasSubstr("<figcaption>loss_chance")), Not(HasSubstr("http"))));
  // The loss falls from the middle of the chart (chance is at its top) to its foot.
  EXPECT_THAT(html, HasSubstr("points=\"60.0,82.0 452.0,156.0 \"><title>loss<"));
}

TEST(ReportHtml, ARunWithoutMetricsIsStillAPage) {
  EXPECT_THAT(ReportHtml("empty", "", ""), AllOf(HasSubstr("<h1>empty"), Not(HasSubstr("<svg"))));
}

}  // namespace
}  // namespace pretext
