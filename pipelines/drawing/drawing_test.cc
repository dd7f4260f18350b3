#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "pipelines/drawing/chart.h"
#include "pipelines/drawing/downsample.h"
#include "pipelines/drawing/html.h"
#include "pipelines/drawing/scale.h"

namespace pretext {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(Html, EscapesWhatCouldEndTextOrAttribute) {
  EXPECT_EQ(EscapeHtml("a<b>&\"c'\n"), "a&lt;b&gt;&amp;&quot;c&#39;\n");
  EXPECT_EQ(EscapeHtml(std::string("x\0y\x01z\xff", 6)), "x\uFFFDy\uFFFDz\uFFFD");
  EXPECT_EQ(EscapeHtml("größer"), "größer");
}

TEST(Html, ATableHasHeadersAndItsCells) {
  const std::string html = TableHtml("a & b", {"x", "y"}, {{"one", "1"}, {"two", "2"}});
  EXPECT_THAT(
      html, AllOf(HasSubstr("<caption>a &amp; b</caption>"), HasSubstr("<th scope=\"col\">y</th>"),
                  HasSubstr("<th scope=\"row\">two</th><td>2</td>")));
}

TEST(Html, APictureStandsInThePage) {
  // RFC 4648, section 10: "foob" is "Zm9vYg==".
  EXPECT_EQ(PictureHtml("foob", 3, 4, "a\"b"),
            "<img width=\"3\" height=\"4\" alt=\"a&quot;b\" title=\"a&quot;b\" "
            "src=\"data:image/png;base64,Zm9vYg==\">");
  EXPECT_EQ(PictureHtml("", 3, 4, "<"), "<span>&lt;</span>");
}

TEST(Scale, PlacesAndTicks) {
  const Scale straight(0, 10, 100, 200, false);
  EXPECT_EQ(straight(5), 150);
  EXPECT_THAT(straight.Ticks(5), ElementsAre(0, 2, 4, 6, 8, 10));
  const Scale down(0.1, 100, 200, 50, true);
  EXPECT_TRUE(std::abs(down(1) - 150) <= 1e-9);
  const std::vector<double> ticks = down.Ticks(4);
  ASSERT_EQ(ticks.size(), 4u);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(std::abs(std::log10(ticks[i]) - (i - 1)) <= 1e-9);
  // Half a decade has no two powers of ten.
  EXPECT_GE(Scale(0.12, 0.4, 0, 1, true).Ticks(5).size(), 2u);
}

// Equal ends, negative ones, huge and tiny ones: some ticks, all within, in order.
TEST(Scale, TicksAreWithinAnyRange) {
  for (const auto& [low, high] :
       {std::pair(3.0, 3.0), {0.0, 0.0}, {-5.0, -4.0}, {-1e-9, 2e-9}, {1e20, 3e20}, {-1.0, 1e6}}) {
    const Scale scale(low, high, 0, 100, false);
    const std::vector<double> ticks = scale.Ticks(5);
    ASSERT_FALSE(ticks.empty()) << low;
    EXPECT_LE(ticks.size(), 11u);
    for (size_t i = 0; i < ticks.size(); ++i) {
      EXPECT_TRUE(scale(ticks[i]) >= -1e-6 && scale(ticks[i]) <= 100 + 1e-6) << ticks[i];
      if (i > 0) {
        EXPECT_LT(ticks[i - 1], ticks[i]);
      }
    }
  }
}

HistorySeries Wave(int points) {
  HistorySeries series;
  for (int i = 0; i < points; ++i) series.push_back({1.0 * i, std::sin(i / 50.0)});
  return series;
}

TEST(Downsample, KeepsEndsAndPeaks) {
  HistorySeries series = Wave(5000);
  series[2345].value = 40;  // one point far from all others
  const HistorySeries few = Downsample(series, 100, false);
  ASSERT_EQ(few.size(), 100u);
  EXPECT_EQ(few.front().step, 0);
  EXPECT_EQ(few.back().step, 4999);
  bool peak = false;
  for (size_t i = 0; i < few.size(); ++i) {
    peak |= few[i].value == 40;
    EXPECT_EQ(few[i].value, series[static_cast<size_t>(few[i].step)].value) << "one of the points";
    if (i > 0) {
      EXPECT_LT(few[i - 1].step, few[i].step);
    }
  }
  EXPECT_TRUE(peak);
  EXPECT_EQ(Downsample(Wave(50), 100, false).size(), 50u);
}

// Of five points to three, by hand: the middle one is that of the largest triangle with the first
// and the last.
TEST(Downsample, TakesTheLargestTriangle) {
  const HistorySeries few = Downsample({{0, 0}, {1, 1}, {2, -3}, {3, 2}, {4, 0}}, 3, false);
  ASSERT_EQ(few.size(), 3u);
  EXPECT_EQ(few[1].step, 2);
}

TEST(Downsample, WhatHasNoPlaceIsLeftOut) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(Downsample({{0, 1}, {1, nan}, {2, 0}, {3, -1}, {4, 2}}, 3, true).size(), 2u);
  EXPECT_EQ(Downsample({{0, 1}, {1, nan}, {2, 0}}, 3, false).size(), 2u);
}

TEST(Chart, LinesAreNamedAndDashed) {
  const std::string html =
      ChartHtml("id", "loss <1>",
                {{.name = "a&b", .series = {{0, 4}, {10, 2}}},
                 {.name = "chance", .series = {{0, 5}, {10, 5}}, .landmark = true}});
  EXPECT_THAT(html, AllOf(HasSubstr("loss &lt;1&gt;"), HasSubstr("a&amp;b 2"),
                          HasSubstr("a&amp;b from 4 at 0 to 2 at 10"), HasSubstr("chance 5"),
                          HasSubstr("stroke-dasharray=\"1 4\""), Not(HasSubstr("logarithmic"))));
  // 5 is at the top, 2 at the foot.
  EXPECT_THAT(html, HasSubstr("points=\"62.0,84.7 506.0,226.0 \""));
}

TEST(Chart, LogarithmsWhereMostIsAtTheFoot) {
  HistorySeries falling, rising;
  for (int i = 0; i < 50; ++i) {
    falling.push_back({1.0 * i, std::exp(-i / 5.0)});
    rising.push_back({1.0 * i, 1.0 + i});
  }
  EXPECT_THAT(ChartHtml("a", "t", {{.name = "n", .series = falling}}), HasSubstr("(logarithmic)"));
  EXPECT_THAT(ChartHtml("a", "t", {{.name = "n", .series = rising}}),
              Not(HasSubstr("(logarithmic)")));
}

TEST(Chart, OfNothingIsNothing) {
  EXPECT_EQ(ChartHtml("a", "t", {}), "");
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(ChartHtml("a", "t", {{.name = "n", .series = {{0, nan}}}}), "");
  EXPECT_THAT(ChartHtml("a", "t", {{.name = "n", .series = {{3, 7}}}}), HasSubstr("<circle"))
      << "a single point";
  EXPECT_EQ(BarsHtml("a", "t", {}, "d"), "");
}

}  // namespace
}  // namespace pretext
