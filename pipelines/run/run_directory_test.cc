#include "pipelines/run/run_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace pretext {
namespace {

using testing::HasSubstr;

std::string Fresh(const std::string& name) {
  const std::string path = testing::TempDir() + "/" + name;
  std::filesystem::remove_all(path);
  return path;
}

TEST(RunDirectory, NeverWritesOverAnotherRun) {
  const std::string path = Fresh("run");
  auto first = RunDirectory::Create(path, false);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->path(), path);
  ASSERT_TRUE(WriteFileAtomically(first->pipeline_path(), "name: \"a\"").ok());
  std::filesystem::remove_all(path + "-2");
  EXPECT_EQ(RunDirectory::Create(path, false)->path(), path + "-2");
  EXPECT_THAT(std::string(RunDirectory::Create(path, true).status().message()),
              HasSubstr("--resume " + path));
}

TEST(RunDirectory, OpeningWhatIsNoRunIsAnError) {
  EXPECT_THAT(std::string(RunDirectory::Open(Fresh("nothing")).status().message()),
              HasSubstr("is not a run"));
}

TEST(RunDirectory, LogsAndTruncates) {
  auto run = RunDirectory::Create(Fresh("log"), false);
  ASSERT_TRUE(run.ok());
  ASSERT_TRUE(run->Log(10, 1, "", {{"loss", 0.5}}).ok());
  ASSERT_TRUE(run->Log(20, 2, "eval", {{"knn", 84}}).ok());
  ASSERT_TRUE(run->Log(30, 3, "", {{"loss", 0.25}}).ok());
  std::ofstream(run->metrics_path(), std::ios::app) << "{\"step\":15,\"lo";
  ASSERT_TRUE(run->TruncateMetrics(20).ok());
  EXPECT_EQ(*ReadFile(run->metrics_path()),
            "{\"step\":10,\"epoch\":1,\"loss\":0.5}\n"
            "{\"step\":20,\"epoch\":2,\"eval\":{\"knn\":84}}\n");
}

TEST(WriteFileAtomically, ReplacesAndReportsWhatItCannot) {
  const std::string path = testing::TempDir() + "/atomic";
  ASSERT_TRUE(WriteFileAtomically(path, "one").ok());
  ASSERT_TRUE(WriteFileAtomically(path, "").ok());
  EXPECT_EQ(*ReadFile(path), "");
  EXPECT_FALSE(std::filesystem::exists(path + ".new"));
  EXPECT_FALSE(WriteFileAtomically("/proc/nowhere/file", "x").ok());
  EXPECT_FALSE(ReadFile(Fresh("missing")).ok());
}

}  // namespace
}  // namespace pretext
