#include "base/text/counted.h"

#include <limits>

#include "gtest/gtest.h"

namespace pretext {
namespace {

TEST(CountedTest, GroupsByThousands) {
  EXPECT_EQ(Counted(0), "0");
  EXPECT_EQ(Counted(999), "999");
  EXPECT_EQ(Counted(1000), "1,000");
  EXPECT_EQ(Counted(1234567), "1,234,567");
  EXPECT_EQ(Counted(-123), "-123");
  EXPECT_EQ(Counted(-123456), "-123,456");
  EXPECT_EQ(Counted(std::numeric_limits<int64_t>::min()), "-9,223,372,036,854,775,808");
}

}  // namespace
}  // namespace pretext
