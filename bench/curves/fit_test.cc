#include "bench/curves/fit.h"

#include <gtest/gtest.h>

namespace pretext {
namespace {

TEST(FitTest, FindsWhatItWasMadeFrom) {
  std::vector<TimedSize> points;
  for (double size : {16.0, 64.0, 256.0, 4096.0}) points.push_back({size, 2 + 0.5 * size * size});
  const Growth growth = FitGrowth(points, 2);
  EXPECT_NEAR(growth.fixed, 2, 1e-6);
  EXPECT_NEAR(growth.each, 0.5, 1e-9);
  EXPECT_NEAR(growth.worst, 0, 1e-9);
}

TEST(FitTest, SaysHowFarItIsOff) {
  const Growth growth = FitGrowth({{1, 1.1}, {1, 0.9}, {2, 2}}, 1);
  EXPECT_EQ(growth.fixed, 0);
  EXPECT_NEAR(growth.each, 1, 0.02);
  EXPECT_NEAR(growth.worst, 0.1, 0.02);
}

TEST(FitTest, NothingIsFasterThanNothing) {
  EXPECT_EQ(FitGrowth({{1, 1}, {2, 3}, {4, 7}}, 1).fixed, 0);
}

}  // namespace
}  // namespace pretext
