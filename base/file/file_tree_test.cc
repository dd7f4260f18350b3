#include "base/file/file_tree.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "base/file/file_writer.h"
#include "base/file/testing.h"

namespace pretext {
namespace {

void Touch(const std::string& path) {
  ASSERT_TRUE(MakeFolders(ParentOf(path)).ok());
  ASSERT_TRUE(WriteFileAtomically(path, "x").ok());
}

void Link(const std::string& to, const std::string& path) {
  ASSERT_TRUE(MakeFolders(ParentOf(path)).ok());
  ASSERT_EQ(symlink(to.c_str(), path.c_str()), 0) << path;
}

// The names below the folder that is walked.
std::vector<std::string> Below(const std::string& folder) {
  std::vector<std::string> files;
  const absl::Status status = ListFilesBelow(folder, files);
  EXPECT_TRUE(status.ok()) << status;
  for (std::string& file : files) file = file.substr(folder.size() + 1);
  return files;
}

using Names = std::vector<std::string>;

TEST(FileTree, FindsWhatIsNoFolderButNotWhatIsHidden) {
  const TestFolder folder;
  for (const char* name : {"b/z", "b-c", "b/a/y", ".hidden/x", "b/.x"}) Touch(folder / name);
  Link("nothing", folder / "nowhere");
  Link("itself", folder / "itself");
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(Below(folder.path()), (Names{"b-c", "b/a/y", "b/z", "itself", "nowhere", "pipe"}));
}

TEST(FileTree, FollowsLinksToFolders) {
  const TestFolder folder;
  Touch(folder / "elsewhere/deep/y");
  Touch(folder / "in/x");
  Link("../elsewhere", folder / "in/more");
  Link("x", folder / "in/twice");
  EXPECT_EQ(Below(folder / "in"), (Names{"more/deep/y", "twice", "x"}));
}

TEST(FileTree, ACircleOfLinksEnds) {
  const TestFolder folder;
  Touch(folder / "in/a/x");
  Touch(folder / "other/y");
  Link(".", folder / "in/here");
  Link("../..", folder / "in/a/up");
  Link("../in", folder / "other/back");
  // Above the folder is `other`, once.
  EXPECT_EQ(Below(folder / "in"), (Names{"a/up/other/y", "a/x"}));
  FileTree tree;
  int files = 0;
  const FileTree::Visit count = [&](const std::string&) { return ++files > 0; };
  ASSERT_TRUE(tree.Walk(folder / "in", count).ok());
  EXPECT_EQ(files, 2);
  Names repeated = tree.repeated();
  std::sort(repeated.begin(), repeated.end());
  EXPECT_EQ(repeated, (Names{folder / "in/a/up/other/back", folder / "in/here"}));
}

// Two folders that link to each other twice a level: 2^40 ways, four folders.
TEST(FileTree, ManyWaysToAFolderAreOne) {
  const TestFolder folder;
  for (int i = 0; i < 40; ++i) {
    const std::string from = folder / ("n" + std::to_string(i));
    Touch(from + "/x");
    Link("../n" + std::to_string(i + 1), from + "/one");
    Link("../n" + std::to_string(i + 1), from + "/two");
  }
  EXPECT_EQ(Below(folder / "n0").size(), 40 + 2) << "with the last two, which lead nowhere";
}

// The path without a link is the file's, though the link's name comes first.
TEST(FileTree, TheFoldersOwnPathComesBeforeALink) {
  const TestFolder folder;
  Touch(folder / "z/x");
  Link("z", folder / "a");
  EXPECT_EQ(Below(folder.path()), Names{"z/x"});
}

TEST(FileTree, WhatWasEnteredIsNotEnteredAgain) {
  const TestFolder folder;
  Touch(folder / "a/x");
  Touch(folder / "b/y");
  Link("..", folder / "a/up");
  FileTree tree;
  tree.EnterFirst(folder.path());
  Names files;
  ASSERT_TRUE(tree.Walk(folder / "a",
                        [&](const std::string& path) {
                          files.push_back(path);
                          return true;
                        })
                  .ok());
  EXPECT_EQ(files, Names{folder / "a/x"});
  EXPECT_EQ(tree.repeated(), Names{folder / "a/up"});
}

TEST(FileTree, EndsWhenToldTo) {
  const TestFolder folder;
  for (int i = 0; i < 9; ++i) Touch(folder / ("f" + std::to_string(i)));
  int seen = 0;
  ASSERT_TRUE(FileTree().Walk(folder.path(), [&](const std::string&) { return ++seen < 3; }).ok());
  EXPECT_EQ(seen, 3);
}

TEST(FileTree, NamesAFolderThatCannotBeListed) {
  const TestFolder folder;
  std::vector<std::string> files;
  const absl::Status status = ListFilesBelow(folder / "no", files);
  EXPECT_EQ(status.message(), folder / "no: cannot be listed: No such file or directory");
}

}  // namespace
}  // namespace pretext
