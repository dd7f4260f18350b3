// What the tests of files share.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/file/file_calls.h"
#include "base/file/folder.h"

namespace pretext {

// An empty folder of the running test's own, gone with the object.
class TestFolder {
 public:
  TestFolder()
      : path_(::testing::TempDir() + "/" +
              ::testing::UnitTest::GetInstance()->current_test_info()->name()) {
    EXPECT_TRUE(RemoveAll(path_).ok());
    EXPECT_TRUE(MakeFolders(path_).ok());
  }
  ~TestFolder() { EXPECT_TRUE(RemoveAll(path_).ok()); }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }
  std::vector<std::string> Names() const { return ListFolder(path_).value(); }

 private:
  const std::string path_;
};

using Kind = FileCall::Kind;

// The kinds of the calls that `act` makes; those of `kind` fail with `error`.
template <typename Act>
std::vector<Kind> Calls(const Act& act, Kind kind = Kind::kOpen, int error = 0) {
  std::vector<Kind> kinds;
  const FileWatch watch([&](const FileCall& call) {
    kinds.push_back(call.kind);
    return call.kind == kind ? error : 0;
  });
  act();
  return kinds;
}

}  // namespace pretext
