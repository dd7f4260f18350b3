#include "base/text/one_line.h"

#include <gtest/gtest.h>

namespace pretext {
namespace {

TEST(OnOneLine, HasNoControlCharacters) {
  EXPECT_EQ(OnOneLine("a\nb\tc\x7f"
                      "d é"),
            "a b c d é");
}

TEST(LineOfName, IsTheNameWhereThatIsALine) {
  for (const char* const name : {"", "a b.png", "Bücher/ä", "a\\nb", "\xff"}) {
    EXPECT_EQ(LineOfName(name), name);
    EXPECT_EQ(NameOfLine(name), name);
  }
}

TEST(LineOfName, IsALineFromWhichTheNameComesBack) {
  EXPECT_EQ(LineOfName("a\nb\\n\tc\r"), "\\a\\nb\\\\n\\tc\\r");
  EXPECT_EQ(LineOfName("\\alpha"), "\\\\\\alpha");
  for (const char* const name : {"a\nb", "\n", "\\", "\\n", "\\\n", "\t\\t\r\\\\n", "a/\\\\\tb"}) {
    const std::string line = LineOfName(name);
    EXPECT_EQ(line.find_first_of("\n\r\t"), std::string::npos) << line;
    EXPECT_EQ(NameOfLine(line), name);
  }
}

}  // namespace
}  // namespace pretext
