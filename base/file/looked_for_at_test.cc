#include "base/file/looked_for_at.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace pretext {
namespace {

TEST(LookedForAtTest, NamesTheFolderOfARelativePath) {
  EXPECT_EQ(LookedForAt("/a/b"), "");
  EXPECT_EQ(LookedForAt(""), "");
  char folder[4096];
  ASSERT_NE(getcwd(folder, sizeof(folder)), nullptr);
  EXPECT_EQ(LookedForAt("a/b"), std::string(" (looked for at ") + folder +
                                    "/a/b: a relative path starts where the command was run)");
}

}  // namespace
}  // namespace pretext
