#include "base/text/shell_word.h"

#include <gtest/gtest.h>

namespace pretext {
namespace {

TEST(ShellWord, IsQuotedWhereItHasTo) {
  EXPECT_EQ(ShellWord("runs/a-1.5_b"), "runs/a-1.5_b");
  EXPECT_EQ(ShellWord("Bücher/ä"), "Bücher/ä");
  EXPECT_EQ(ShellWord("e 6;x.textproto"), "'e 6;x.textproto'");
  EXPECT_EQ(ShellWord("it's"), "'it'\\''s'");
  EXPECT_EQ(ShellWord("$HOME"), "'$HOME'");
  EXPECT_EQ(ShellWord("~/a"), "'~/a'");
  EXPECT_EQ(ShellWord(""), "''");
}

}  // namespace
}  // namespace pretext
