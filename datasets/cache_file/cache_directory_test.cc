#include "datasets/cache_file/cache_directory.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/file/file_writer.h"
#include "base/file/testing.h"

namespace pretext {
namespace {

std::string Chosen(const std::string& asked) {
  FieldChecker check;
  return CacheDirectoryFor(asked, {}, check).path;
}

TEST(CacheDirectory, IsTheFirstThatCanBeWrittenTo) {
  const TestFolder folder;
  const std::string file = folder / "file";
  ASSERT_TRUE(WriteFileAtomically(file, "no folder").ok());
  setenv("XDG_CACHE_HOME", (folder / "cache").c_str(), 1);
  setenv("HOME", folder.path().c_str(), 1);
  setenv("TMPDIR", (folder / "tmp").c_str(), 1);
  EXPECT_EQ(Chosen(""), folder / "cache/pretext");
  EXPECT_EQ(Chosen("/mine"), "/mine");
  unsetenv("XDG_CACHE_HOME");
  EXPECT_EQ(Chosen(""), folder / ".cache/pretext");
  setenv("XDG_CACHE_HOME", file.c_str(), 1);
  EXPECT_EQ(Chosen(""), folder / ".cache/pretext") << "in a file there is no folder";
  setenv("HOME", (file + "/of/nobody").c_str(), 1);
  EXPECT_EQ(Chosen(""), folder / "tmp/pretext-cache");
  setenv("TMPDIR", file.c_str(), 1);
  EXPECT_EQ(Chosen(""), file + "/pretext") << "the first is what the message names";
}

}  // namespace
}  // namespace pretext
