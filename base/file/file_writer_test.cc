#include "base/file/file_writer.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "base/file/read_file.h"
#include "base/file/testing.h"

namespace pretext {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

std::string Contents(const std::string& path) { return ReadFile(path).value(); }

mode_t Rights(const std::string& path) {
  struct stat info;
  EXPECT_EQ(stat(path.c_str(), &info), 0);
  return info.st_mode & 0777;
}

TEST(FileWriter, FlushesTheFileThenRenamesItThenFlushesItsFolder) {
  const TestFolder folder;
  std::vector<FileCall> calls;
  {
    const FileWatch watch([&](const FileCall& call) {
      calls.push_back(call);
      return 0;
    });
    ASSERT_TRUE(WriteFileAtomically(folder / "a", "contents").ok());
  }
  std::vector<Kind> kinds;
  // A file system without nameless files opens another, and links none.
  for (const FileCall& call : calls) {
    if (call.kind != Kind::kLink && call.kind != Kind::kOpen) kinds.push_back(call.kind);
  }
  EXPECT_THAT(kinds, ElementsAre(Kind::kWrite, Kind::kFlush, Kind::kRename, Kind::kFlushFolder));
  EXPECT_EQ(calls[calls.size() - 2].to, folder / "a");
  EXPECT_EQ(calls.back().path, folder.path());
  EXPECT_EQ(Contents(folder / "a"), "contents");
  EXPECT_THAT(folder.Names(), ElementsAre("a"));
}

// Each call that can fail, failing: the old file stays, and nothing beside it.
TEST(FileWriter, AFailureLeavesTheOldFileAndNothingElse) {
  const TestFolder folder;
  ASSERT_TRUE(WriteFileAtomically(folder / "a", "old").ok());
  for (const Kind kind : {Kind::kOpen, Kind::kWrite, Kind::kFlush, Kind::kLink, Kind::kRename}) {
    absl::Status status;
    const std::vector<Kind> calls =
        Calls([&] { status = WriteFileAtomically(folder / "a", "new"); }, kind, ENOSPC);
    if (!testing::Value(calls, testing::Contains(kind))) continue;  // no link is needed here
    EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
    EXPECT_THAT(std::string(status.message()),
                StartsWith(folder / "a: cannot be written: No space left on device"));
    EXPECT_EQ(Contents(folder / "a"), "old");
    EXPECT_THAT(folder.Names(), ElementsAre("a"));
  }
}

TEST(FileWriter, WithoutNamelessFilesItWritesUnderAnotherName) {
  const TestFolder folder;
  bool first = true;
  const FileWatch watch([&](const FileCall& call) {
    return call.kind == Kind::kOpen && std::exchange(first, false) ? EOPNOTSUPP : 0;
  });
  const auto writer = FileWriter::Create(folder / std::string(255, 'n'));
  ASSERT_TRUE(writer.ok()) << writer.status();
  EXPECT_THAT(folder.Names(), ElementsAre(EndsWith(".part")));
  ASSERT_TRUE((*writer)->Append("x").ok());
  ASSERT_TRUE((*writer)->Commit().ok());
  EXPECT_THAT(folder.Names(), ElementsAre(std::string(255, 'n')));
}

TEST(FileWriter, ADescriptorHasNothingBesideItWhateverItLeadsTo) {
  const TestFolder folder;
  const int file = open((folder / "a").c_str(), O_WRONLY | O_CREAT, 0644);
  ASSERT_GE(file, 0);
  const std::string name = "/dev/fd/" + std::to_string(file);
  ASSERT_EQ(symlink(name.c_str(), (folder / "link").c_str()), 0);
  EXPECT_FALSE(HasPlaceBeside(name));
  EXPECT_FALSE(HasPlaceBeside(folder / "link"));
  EXPECT_FALSE(HasPlaceBeside("/dev/null"));
  EXPECT_TRUE(HasPlaceBeside(folder / "a"));
  EXPECT_TRUE(HasPlaceBeside(folder / "new"));
  close(file);
}

TEST(FileWriter, WithoutACommitNothingIsLeft) {
  const TestFolder folder;
  {
    const auto writer = FileWriter::Create(folder / "a");
    ASSERT_TRUE(writer.ok());
    ASSERT_TRUE((*writer)->Append(std::string(3 << 20, 'x')).ok());
  }
  EXPECT_THAT(folder.Names(), IsEmpty());
}

TEST(FileWriter, ManyPiecesAreOneFile) {
  const TestFolder folder;
  std::string expected;
  const auto writer = FileWriter::Create(folder / "a");
  ASSERT_TRUE(writer.ok());
  // Below, at and above the buffer's size, and small ones between.
  for (const size_t size : {1, 1 << 20, 7, (1 << 20) - 1, (1 << 20) + 1, 0, 100}) {
    const std::string piece(size, static_cast<char>('a' + expected.size() % 26));
    ASSERT_TRUE((*writer)->Append(piece).ok());
    expected += piece;
  }
  ASSERT_TRUE((*writer)->Commit().ok());
  EXPECT_TRUE(Contents(folder / "a") == expected);
}

TEST(FileWriter, RightsFollowTheUmask) {
  const TestFolder folder;
  for (const mode_t mask : {0077, 0002, 0022}) {
    const mode_t before = umask(mask);
    EXPECT_TRUE(WriteFileAtomically(folder / "a", "x").ok());
    EXPECT_TRUE(AppendToFile(folder / "log" + std::to_string(mask), "x").ok());
    EXPECT_TRUE(MakeFolders(folder / "d" + std::to_string(mask) + "/e").ok());
    umask(before);
    EXPECT_EQ(Rights(folder / "a"), 0666 & ~mask);
    EXPECT_EQ(Rights(folder / "log" + std::to_string(mask)), 0666 & ~mask);
    EXPECT_EQ(Rights(folder / "d" + std::to_string(mask) + "/e"), 0777 & ~mask);
  }
  EXPECT_TRUE(MakeFolders(folder / "private", FileRights::kPrivate).ok());
  EXPECT_EQ(Rights(folder / "private"), mode_t{0700});
}

TEST(FileWriter, ALinkStaysALink) {
  const TestFolder folder;
  ASSERT_TRUE(MakeFolders(folder / "d").ok());
  ASSERT_EQ(symlink("d/target", (folder / "link").c_str()), 0);
  for (const char* contents : {"made", "replaced"}) {  // the target is missing at first
    ASSERT_TRUE(WriteFileAtomically(folder / "link", contents).ok());
    struct stat info;
    ASSERT_EQ(lstat((folder / "link").c_str(), &info), 0);
    EXPECT_TRUE(S_ISLNK(info.st_mode));
    EXPECT_EQ(Contents(folder / "d/target"), contents);
  }
}

TEST(FileWriter, APipeIsWrittenToAndStaysOne) {
  const TestFolder folder;
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  std::string got;
  std::thread reader([&] { got = Contents(folder / "pipe"); });
  EXPECT_TRUE(WriteFileAtomically(folder / "pipe", "through").ok());
  reader.join();
  EXPECT_EQ(got, "through");
  EXPECT_EQ(*KindOfPath(folder / "pipe"), PathKind::kOther);
}

TEST(FileWriter, ADeviceIsWrittenToAndItsErrorIsSaid) {
  if (*KindOfPath("/dev/full") != PathKind::kOther) GTEST_SKIP() << "no /dev/full";
  const TestFolder folder;
  ASSERT_EQ(symlink("/dev/full", (folder / "full").c_str()), 0);
  EXPECT_THAT(std::string(WriteFileAtomically(folder / "full", "x").message()),
              EndsWith("full: cannot be written: No space left on device"));
  EXPECT_TRUE(WriteFileAtomically("/dev/null", "x").ok());
  EXPECT_EQ(*KindOfPath("/dev/null"), PathKind::kOther);
}

// A descriptor's name means the descriptor, and where it stands, not a file to be replaced.
TEST(FileWriter, ADescriptorIsWrittenToWhereItStands) {
  const TestFolder folder;
  const int file = open((folder / "a").c_str(), O_WRONLY | O_CREAT, 0600);
  ASSERT_EQ(write(file, "before ", 7), 7);
  ASSERT_TRUE(WriteFileAtomically("/dev/fd/" + std::to_string(file), "through").ok());
  ASSERT_EQ(write(file, " after", 6), 6);
  close(file);
  EXPECT_EQ(Contents(folder / "a"), "before through after");
}

TEST(FileWriter, WhatCannotBeWrittenIsSaidAtOnce) {
  const TestFolder folder;
  ASSERT_EQ(symlink("loop", (folder / "loop").c_str()), 0);
  const auto reason = [](const std::string& path) {
    const auto writer = FileWriter::Create(path);
    return writer.ok() ? "none" : std::string(writer.status().message());
  };
  EXPECT_EQ(reason(folder / "no/such"),
            folder / "no/such: cannot be written: No such file or directory");
  EXPECT_EQ(reason(folder.path()), folder.path() + ": cannot be written: Is a directory");
  EXPECT_THAT(reason(folder / std::string(300, 'x')), EndsWith("File name too long"));
  EXPECT_THAT(reason(folder / "loop"), HasSubstr("symbolic links"));
}

TEST(AppendToFile, AddsWholeRecordsOrNone) {
  const TestFolder folder;
  ASSERT_TRUE(AppendToFile(folder / "log", "one\n").ok());
  ASSERT_TRUE(AppendToFile(folder / "log", "two\n").ok());
  Calls([&] { EXPECT_FALSE(AppendToFile(folder / "log", "three\n").ok()); }, Kind::kWrite, ENOSPC);
  EXPECT_EQ(Contents(folder / "log"), "one\ntwo\n");
}

}  // namespace
}  // namespace pretext
