#include "base/check/worse.h"

#include <cmath>

#include "gtest/gtest.h"

namespace pretext {
namespace {

TEST(Worse, IsTheLargerAndNanAboveAll) {
  EXPECT_EQ(Worse(1, 2), 2);
  EXPECT_EQ(Worse(2, 1), 2);
  EXPECT_TRUE(std::isnan(Worse(1, NAN)));
  EXPECT_TRUE(std::isnan(Worse(NAN, NAN)));
  double worst = 0;
  for (const double difference : {0.5, static_cast<double>(NAN), 0.25})
    worst = Worse(worst, difference);
  EXPECT_FALSE(worst <= 1) << "whatever comes after";
}

}  // namespace
}  // namespace pretext
