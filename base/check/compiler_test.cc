// Wrong code that the compiler is known to make with the flags that were natural;
// .bazelrc has the remedy.
#include <cstdint>
#include <vector>

#include "gtest/gtest.h"

namespace pretext {
namespace {

[[gnu::noinline]] int64_t Last(const std::vector<int64_t>& values) { return values.back(); }

// GCC 12.2, -O2 -march=x86-64-v4: the list's three equal words and the zero are stored as a
// broadcast of the first.
TEST(CompilerTest, KeepsTheZeroAfterEqualWords) {
  EXPECT_EQ(Last({1 << 24, 1 << 24, 1 << 24, 0}), 0);
  EXPECT_EQ(Last({5, 5, 5, 0}), 0);
  EXPECT_EQ(Last({5, 5, 0, 0}), 0);
}

}  // namespace
}  // namespace pretext
