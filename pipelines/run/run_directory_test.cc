#include "pipelines/run/run_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/file/file_writer.h"
#include "base/file/read_file.h"
#include "base/file/testing.h"

namespace pretext {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(RunDirectory, NeverWritesOverAnotherRun) {
  const TestFolder folder;
  const std::string path = folder / "run";
  auto first = RunDirectory::Create(path, false);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->path(), path);
  ASSERT_TRUE(WriteFileAtomically(first->pipeline_path(), "name: \"a\"").ok());
  EXPECT_EQ(RunDirectory::Create(path, false)->path(), path + "-2");
  EXPECT_THAT(std::string(RunDirectory::Create(path, true).status().message()),
              HasSubstr("--resume " + path));
}

TEST(RunDirectory, OpeningWhatIsNoRunIsAnError) {
  const TestFolder folder;
  EXPECT_THAT(std::string(RunDirectory::Open(folder / "nothing").status().message()),
              HasSubstr("is not a run"));
}

TEST(RunDirectory, WhatCannotBeLookedAtIsNamed) {
  const TestFolder folder;
  ASSERT_EQ(symlink("loop", (folder / "loop").c_str()), 0);
  for (const std::string& path : {folder / "loop", folder / std::string(300, 'x')}) {
    for (const absl::Status& status :
         {RunDirectory::Open(path).status(), RunDirectory::Create(path, true).status(),
          RunDirectory::Create(path, false).status()}) {
      EXPECT_THAT(std::string(status.message()),
                  AllOf(HasSubstr(path), HasSubstr("cannot be looked at")));
    }
  }
}

TEST(RunDirectory, LogsAndTruncates) {
  const TestFolder folder;
  auto run = RunDirectory::Create(folder / "log", false);
  ASSERT_TRUE(run.ok());
  ASSERT_TRUE(run->Log(10, 1, "", {{"loss", 0.5}}).ok());
  ASSERT_TRUE(run->Log(20, 2, "eval", {{"knn", 84}}).ok());
  ASSERT_TRUE(run->Log(30, 3, "", {{"loss", 0.25}}).ok());
  ASSERT_TRUE(AppendToFile(run->metrics_path(), "{\"step\":15,\"lo").ok());
  ASSERT_TRUE(run->TruncateMetrics(20).ok());
  EXPECT_EQ(*ReadFile(run->metrics_path()),
            "{\"step\":10,\"epoch\":1,\"loss\":0.5}\n"
            "{\"step\":20,\"epoch\":2,\"eval\":{\"knn\":84}}\n");
}

}  // namespace
}  // namespace pretext
