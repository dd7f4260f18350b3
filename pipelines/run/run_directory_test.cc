#include "pipelines/run/run_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>

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
  {
    auto first = RunDirectory::Begin(path, false);
    ASSERT_TRUE(first.ok()) << first.status();
    EXPECT_EQ(first->path(), path);
    ASSERT_TRUE(WriteFileAtomically(first->pipeline_path(), "name: \"a\"").ok());
  }
  EXPECT_EQ(RunDirectory::Begin(path, false)->path(), path + "-2");
  for (const absl::Status& status :
       {RunDirectory::Begin(path, true).status(), RunDirectory::CheckFree(path)}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr("--resume " + path));
  }
}

// Whatever it is, and whatever its name: nothing is written beside it.
TEST(RunDirectory, TouchesNothingThatIsNotItsOwn) {
  for (const std::string name :
       {"checkpoint/notes", "checkpoints/best/notes", "report.html", "metrics.jsonl", ".lock",
        ".hidden", "tensorboard/events.out.tfevents.1.1.pretext", ".pipeline.textproto.x"}) {
    const TestFolder folder;
    const std::string path = folder / "taken";
    ASSERT_TRUE(MakeFolders(ParentOf(path + "/" + name)).ok());
    ASSERT_TRUE(WriteFileAtomically(path + "/" + name, "precious").ok());
    const std::vector<std::string> before = ListFolder(path).value();
    const std::vector<Kind> calls = Calls([&] {
      const absl::Status status = RunDirectory::Begin(path, true).status();
      EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
      EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr(path), HasSubstr(before[0])));
      EXPECT_FALSE(RunDirectory::CheckFree(path).ok());
    });
    EXPECT_TRUE(calls.empty()) << name;
    EXPECT_EQ(RunDirectory::Begin(path, false)->path(), path + "-2");
    EXPECT_EQ(*ReadFile(path + "/" + name), "precious");
    EXPECT_EQ(ListFolder(path).value(), before);
  }
}

TEST(RunDirectory, TakesAnEmptyFolderAndWhatABeginningLeft) {
  const TestFolder folder;
  ASSERT_TRUE(MakeFolders(folder / "empty").ok());
  EXPECT_TRUE(RunDirectory::Begin(folder / "empty", true).ok());
  // What is left has its lock, with this process's number.
  EXPECT_EQ(ListFolder(folder / "empty").value(), std::vector<std::string>{".lock"});
  ASSERT_TRUE(WriteFileAtomically(folder / "empty/.pipeline.textproto.12-0.part", "na").ok());
  EXPECT_TRUE(RunDirectory::Begin(folder / "empty", true).ok());
}

TEST(RunDirectory, OneProcessAtATime) {
  const TestFolder folder;
  const std::string path = folder / "run";
  auto run = RunDirectory::Begin(path, true);
  ASSERT_TRUE(run.ok()) << run.status();
  const std::string number = std::to_string(getpid());
  // Another that begins at the same moment: before there is a pipeline, and after.
  EXPECT_THAT(std::string(RunDirectory::Begin(path, true).status().message()),
              AllOf(HasSubstr("is taken"), HasSubstr("process " + number)));
  EXPECT_EQ(RunDirectory::Begin(path, false)->path(), path + "-2");
  ASSERT_TRUE(WriteFileAtomically(run->pipeline_path(), "name: \"a\"").ok());
  const absl::Status busy = RunDirectory::OpenToGoOn(path).status();
  EXPECT_EQ(busy.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(busy.message()),
              AllOf(HasSubstr(path + " is in use"), HasSubstr("process " + number)));
  EXPECT_TRUE(RunDirectory::Open(path).ok()) << "to be looked at";
  *run = RunDirectory();
  EXPECT_TRUE(RunDirectory::OpenToGoOn(path).ok());
}

TEST(RunDirectory, AFileSystemWithoutLocksIsUsedWithoutThem) {
  const TestFolder folder;
  Calls([&] { EXPECT_TRUE(RunDirectory::Begin(folder / "run", true).ok()); }, Kind::kLock, ENOLCK);
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
         {RunDirectory::Open(path).status(), RunDirectory::Begin(path, true).status(),
          RunDirectory::Begin(path, false).status()}) {
      EXPECT_THAT(std::string(status.message()),
                  AllOf(HasSubstr(path), HasSubstr("cannot be looked at")));
    }
  }
}

}  // namespace
}  // namespace pretext
