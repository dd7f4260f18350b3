#include "pipelines/verdicts/trend.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "base/random/random.h"

namespace pretext {
namespace {

HistorySeries Series(int64_t points, const std::function<double(int64_t)>& value) {
  HistorySeries series;
  for (int64_t i = 0; i < points; ++i) series.push_back({static_cast<double>(10 * i), value(i)});
  return series;
}

TEST(Trend, AStraightLineIsFoundExactly) {
  // The window is the last 40 of 120 points, in blocks of 5: means 5 apart.
  const Trend trend = FitTrend(Series(120, [](int64_t i) { return 200.0 - i; }));
  ASSERT_TRUE(trend.known);
  EXPECT_TRUE(std::abs(trend.change + 35) <= 1e-9) << trend.change;
  EXPECT_TRUE(std::abs(trend.level - 100.5) <= 1e-9) << trend.level;
  EXPECT_TRUE(trend.error <= 1e-9);
  EXPECT_EQ(trend.from_step, 800);
  EXPECT_TRUE(trend.falls());
  EXPECT_FALSE(trend.rises());
  EXPECT_FALSE(trend.stays_within(35));
  EXPECT_TRUE(trend.stays_within(35.1));
}

TEST(Trend, FewPointsAndWhatIsNoNumberAreNotJudged) {
  EXPECT_FALSE(FitTrend({}).known);
  EXPECT_FALSE(FitTrend(Series(23, [](int64_t i) { return 1.0 * i; })).known);
  EXPECT_TRUE(FitTrend(Series(24, [](int64_t i) { return 1.0 * i; })).known);
  const auto broken = Series(
      48, [](int64_t i) { return i == 40 ? std::numeric_limits<double>::quiet_NaN() : 1.0; });
  EXPECT_FALSE(FitTrend(broken).known);
  EXPECT_FALSE(FitTrend(broken).falls());
}

// Of series without a trend one in a thousand is to be called falling, and one rising: also where
// neighbours are alike (noise with a memory of about three lines, in blocks of 25).
TEST(Trend, NoiseHasNone) {
  for (const double memory : {0.0, 0.7}) {
    int falls = 0, rises = 0;
    constexpr int kSeries = 4000;
    for (int s = 0; s < kSeries; ++s) {
      Random random({.seed = static_cast<uint64_t>(s)});
      double noise = 0;
      const Trend trend = FitTrend(Series(600, [&](int64_t) {
        noise = memory * noise + random.Normal();
        return 5 + noise;
      }));
      falls += trend.falls();
      rises += trend.rises();
      // 4 of 4000 are expected; memory leaves blocks slightly alike. More than 16 would be beyond
      // four standard deviations of twice that.
    }
    EXPECT_LE(falls, 16) << memory;
    EXPECT_LE(rises, 16) << memory;
  }
}

// A fall of two standard deviations of a line's noise over the window, of 200 lines: eight of the
// slope's standard errors.
TEST(Trend, ASlowFallIsSeenThroughNoise) {
  int falls = 0;
  for (uint64_t s = 0; s < 200; ++s) {
    Random random({.seed = s});
    falls += FitTrend(Series(600, [&](int64_t i) {
               return 5 - static_cast<double>(i) / 100 + random.Normal();
             })).falls();
  }
  // Nine times of ten, with an error that six degrees of freedom estimate.
  EXPECT_GE(falls, 150);
}

TEST(Trend, MeanOfLast) {
  const HistorySeries series = Series(10, [](int64_t i) { return 1.0 * i; });
  EXPECT_EQ(MeanOfLast(series, 3), 8);
  EXPECT_EQ(MeanOfLast(series, 30), 4.5);
  EXPECT_EQ(MeanOfLast({}, 3), 0);
}

}  // namespace
}  // namespace pretext
