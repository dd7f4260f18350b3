#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "base/file/byte_stream.h"
#include "base/file/file_lock.h"
#include "base/file/file_writer.h"
#include "base/file/folder.h"
#include "base/file/mapped_file.h"
#include "base/file/read_file.h"
#include "base/file/testing.h"

namespace pretext {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;

TEST(ReadFile, IsWhatWasWritten) {
  const TestFolder folder;
  for (const size_t size : {size_t{0}, size_t{1}, size_t{65536}, size_t{1000003}}) {
    std::string contents(size, '\0');
    for (size_t i = 0; i < size; ++i) contents[i] = static_cast<char>(i * 131 >> 3);
    ASSERT_TRUE(WriteFileAtomically(folder / "a", contents).ok());
    EXPECT_TRUE(ReadFile(folder / "a").value() == contents) << size;
    EXPECT_TRUE(ReadFile(folder / "a", static_cast<int64_t>(size)).ok());
    EXPECT_TRUE(MappedFile::Open(folder / "a")->contents() == contents);
  }
}

TEST(ReadFile, EachReasonHasItsCode) {
  const TestFolder folder;
  ASSERT_TRUE(WriteFileAtomically(folder / "a", "12345").ok());
  ASSERT_EQ(symlink("loop", (folder / "loop").c_str()), 0);
  const auto code = [](const std::string& path, int64_t most = 100) {
    return ReadFile(path, most).status().code();
  };
  EXPECT_EQ(code(folder / "missing"), absl::StatusCode::kNotFound);
  EXPECT_EQ(code(folder.path()), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(folder / "a", 4), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(code("/dev/zero"), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(ReadFile("/dev/zero").status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(code("/dev/null"), absl::StatusCode::kOk);
  EXPECT_THAT(std::string(ReadFile(folder / "loop").status().message()),
              HasSubstr("symbolic links"));
  EXPECT_EQ(std::string(ReadFile(folder / "a", 4).status().message()),
            folder / "a: has 5 bytes; at most 4 are read");
  EXPECT_FALSE(MappedFile::Open(folder / "missing").ok());
  EXPECT_FALSE(MappedFile::Open("/dev/null").ok());
}

TEST(ReadFile, APipeThatNobodyWritesToEnds) {
  const TestFolder folder;
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(ReadFile(folder / "pipe").status().code(), absl::StatusCode::kDeadlineExceeded);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  ASSERT_EQ(write(ends[1], "text", 4), 4);
  close(ends[1]);
  EXPECT_EQ(ReadFile("/proc/self/fd/" + std::to_string(ends[0])).value(), "text");
  close(ends[0]);
}

TEST(ByteStream, APipeIsReadOnceSomebodyWritesToIt) {
  const TestFolder folder;
  const std::string path = folder / "pipe";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(ByteStream::Open(path).status().code(), absl::StatusCode::kDeadlineExceeded);
  const std::string text = "what is written in parts, with a pause before the first";
  std::thread writer([&] {
    const int file = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    usleep(300'000);
    for (const char& c : text) EXPECT_EQ(write(file, &c, 1), 1);
    close(file);
  });
  const auto stream = ByteStream::Open(path);
  ASSERT_TRUE(stream.ok()) << stream.status();
  std::string all, part(7, '\0');
  for (size_t got = 1; got > 0;) {
    const absl::StatusOr<size_t> read = (*stream)->Read(part.data(), part.size());
    ASSERT_TRUE(read.ok()) << read.status();
    got = *read;
    all.append(part, 0, got);
  }
  writer.join();
  EXPECT_EQ(all, text);
}

TEST(KindOfPath, NamesWhatIsThereAndWhyItCannotBeLookedAt) {
  const TestFolder folder;
  ASSERT_TRUE(WriteFileAtomically(folder / "a", "").ok());
  ASSERT_EQ(symlink("loop", (folder / "loop").c_str()), 0);
  EXPECT_EQ(*KindOfPath(folder / "a"), PathKind::kFile);
  EXPECT_EQ(*KindOfPath(folder.path()), PathKind::kFolder);
  EXPECT_EQ(*KindOfPath(folder / "b"), PathKind::kNothing);
  EXPECT_EQ(*KindOfPath(folder / "a/b"), PathKind::kNothing);
  EXPECT_EQ(*KindOfPath("/dev/null"), PathKind::kOther);
  EXPECT_FALSE(KindOfPath(folder / "loop").ok());
  EXPECT_THAT(std::string(KindOfPath(folder / std::string(300, 'x')).status().message()),
              EndsWith("cannot be looked at: File name too long"));
}

TEST(MakeFolders, MakesThoseOnTheWayAndNamesTheOneThatCannotBe) {
  const TestFolder folder;
  EXPECT_TRUE(MakeFolders(folder / "a/b/c/").ok());
  EXPECT_TRUE(MakeFolders(folder / "a/b").ok());
  EXPECT_EQ(*KindOfPath(folder / "a/b/c"), PathKind::kFolder);
  ASSERT_TRUE(WriteFileAtomically(folder / "file", "").ok());
  EXPECT_THAT(std::string(MakeFolders(folder / "file/d").message()),
              EndsWith("file: the folder cannot be made: Not a directory"));
  EXPECT_FALSE(MakeFolders(folder / std::string(300, 'x')).ok());
  EXPECT_THAT(folder.Names(), ElementsAre("a", "file"));
}

// A folder `name` with a file that says which it is.
void Fill(const std::string& path, const std::string& contents) {
  ASSERT_TRUE(MakeFolders(path).ok());
  ASSERT_TRUE(WriteFileAtomically(path + "/which", contents).ok());
}

TEST(ReplaceFolder, ExchangesThenFlushesThenRemovesTheOldOne) {
  const TestFolder folder;
  Fill(folder / "new", "first");
  ASSERT_TRUE(ReplaceFolder(folder / "new", folder / "kept").ok());
  Fill(folder / "new", "second");
  const std::vector<Kind> calls =
      Calls([&] { EXPECT_TRUE(ReplaceFolder(folder / "new", folder / "kept").ok()); });
  ASSERT_GE(calls.size(), 3u);
  EXPECT_THAT(std::vector<Kind>(calls.begin(), calls.begin() + 3),
              ElementsAre(Kind::kExchange, Kind::kFlushFolder, Kind::kRemove));
  EXPECT_EQ(ReadFile(folder / "kept/which").value(), "second");
  EXPECT_THAT(folder.Names(), ElementsAre("kept"));
}

TEST(ReplaceFolder, WithoutAnExchangeTakesTwoRenames) {
  const TestFolder folder;
  Fill(folder / "kept", "first");
  Fill(folder / "new", "second");
  Calls([&] { EXPECT_TRUE(ReplaceFolder(folder / "new", folder / "kept").ok()); }, Kind::kExchange,
        EINVAL);
  EXPECT_EQ(ReadFile(folder / "kept/which").value(), "second");
  EXPECT_THAT(folder.Names(), ElementsAre("kept"));
}

TEST(ReplaceFolder, TheOldOneCanBeKept) {
  for (const int error : {0, EINVAL}) {
    const TestFolder folder;
    for (const char* contents : {"one", "two", "three"}) {
      ASSERT_TRUE(MakeFolders(folder / "new").ok());
      ASSERT_TRUE(WriteFileAtomically(folder / "new/file", contents).ok());
      Calls(
          [&] {
            const absl::Status status =
                ReplaceFolder(folder / "new", folder / "kept", folder / "before");
            EXPECT_TRUE(status.ok()) << status;
          },
          Kind::kExchange, error);
      EXPECT_EQ(*ReadFile(folder / "kept/file"), contents);
    }
    EXPECT_EQ(*ReadFile(folder / "before/file"), "two");
    EXPECT_EQ(folder.Names(), (std::vector<std::string>{"before", "kept"}));
  }
}

TEST(ReplaceFolder, ACrashBetweenTheTwoRenamesLeavesTheOldOneToBeFound) {
  const TestFolder folder;
  Fill(folder / "kept", "first");
  Fill(folder / "new", "second");
  {
    int renames = 0;
    const FileWatch crash([&](const FileCall& call) {
      if (call.kind == Kind::kExchange) return ENOSYS;
      return call.kind == Kind::kRename && ++renames == 2 ? EIO : 0;
    });
    EXPECT_FALSE(ReplaceFolder(folder / "new", folder / "kept").ok());
  }
  EXPECT_EQ(ReadFile(WholeFolder(folder / "kept") + "/which").value(), "first");
  // The next one that succeeds clears up.
  ASSERT_TRUE(ReplaceFolder(folder / "new", folder / "kept").ok());
  EXPECT_EQ(WholeFolder(folder / "kept"), folder / "kept");
  EXPECT_EQ(ReadFile(folder / "kept/which").value(), "second");
  EXPECT_THAT(folder.Names(), ElementsAre("kept"));
}

TEST(FileLock, OneAtATimeAndGoneWithItsProcess) {
  const TestFolder folder;
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    const auto lock = FileLock::Take(folder / "lock");
    if (write(ready[1], lock.ok() ? "y" : "n", 1) != 1) _exit(1);
    pause();
  }
  char taken = 0;
  ASSERT_EQ(read(ready[0], &taken, 1), 1);
  ASSERT_EQ(taken, 'y');
  const auto second = FileLock::Take(folder / "lock");
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(std::string(second.status().message()),
            folder / "lock: is locked by process " + std::to_string(child));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(FileLock::Take(folder / "lock").ok()) << "the lock ends with its process";
  EXPECT_TRUE(FileLock::Take(folder / "lock").ok()) << "and with its object";
  Calls(
      [&] {
        EXPECT_EQ(FileLock::Take(folder / "lock").status().code(),
                  absl::StatusCode::kUnimplemented);
      },
      Kind::kLock, ENOLCK);
}

TEST(FreeBytes, IsOfTheFileSystemThatThePathWillBeOn) {
  const TestFolder folder;
  const auto free = FreeBytes(folder / "not/yet/there");
  ASSERT_TRUE(free.ok()) << free.status();
  EXPECT_GT(*free, 0);
  EXPECT_TRUE(FreeBytes("relative").ok());
}

}  // namespace
}  // namespace pretext
