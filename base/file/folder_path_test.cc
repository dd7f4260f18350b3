#include "base/file/folder_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file/file_writer.h"
#include "base/file/testing.h"

namespace pretext {
namespace {

using ::testing::HasSubstr;

std::string Refusal(const std::string& path) {
  return std::string(CheckFolderPath(path).message());
}

TEST(CheckFolderPath, WhatIsThereOrCanBeMadeIsRight) {
  const TestFolder folder;
  for (const std::string& path :
       {folder.path(), folder / "a", folder / "a/b/c/", folder / std::string(255, 'x'),
        std::string("relative/path"), std::string("."), std::string("/")}) {
    EXPECT_EQ(CheckFolderPath(path), absl::OkStatus()) << path;
  }
}

TEST(CheckFolderPath, WhatCannotIsNamedWithItsReason) {
  const TestFolder folder;
  ASSERT_TRUE(WriteFileAtomically(folder / "file", "").ok());
  ASSERT_EQ(symlink("loop", (folder / "loop").c_str()), 0);
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(Refusal(folder / std::string(300, 'x')), HasSubstr("a name in it has 300 bytes"));
  EXPECT_THAT(Refusal(folder / "missing/" + std::string(256, 'x') + "/a"), HasSubstr("256 bytes"));
  std::string deep = folder.path();
  while (deep.size() <= 4000) deep += "/" + std::string(100, 'x');
  EXPECT_THAT(Refusal(deep), HasSubstr("a folder's path may have 4000"));
  EXPECT_EQ(Refusal(folder / "file"), folder / "file: is no folder");
  EXPECT_EQ(Refusal(folder / "file/below/it"), folder / "file: is no folder");
  EXPECT_EQ(Refusal(folder / "pipe"), folder / "pipe: is no folder");
  EXPECT_EQ(Refusal("/dev/null/a"), "/dev/null: is no folder");
  EXPECT_THAT(Refusal(folder / "loop"), HasSubstr("symbolic links"));
  EXPECT_THAT(Refusal(folder / "loop/a"), HasSubstr("symbolic links"));
}

}  // namespace
}  // namespace pretext
