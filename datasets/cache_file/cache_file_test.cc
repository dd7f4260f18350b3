#include "datasets/cache_file/cache_file.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/random/random.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pretext {
namespace {

namespace fs = std::filesystem;

std::string Folder(const std::string& name) {
  const std::string path = testing::TempDir() + "/" + name;
  fs::remove_all(path);
  return path;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

int64_t FilesIn(const std::string& folder) {
  return std::distance(fs::directory_iterator(folder), fs::directory_iterator());
}

// A small cache: two sections written in turns, and an empty one.
void WriteSmall(const std::string& path, const std::string& key) {
  auto writer = CacheFileWriter::Create(path);
  ASSERT_TRUE(writer.ok()) << writer.status();
  ASSERT_TRUE((*writer)->Declare("empty").ok());
  for (uint64_t i = 0; i < 50; ++i) {
    ASSERT_TRUE((*writer)->Append("numbers", &i, sizeof(i)).ok());
    ASSERT_TRUE((*writer)->Append("letters", "abcde", 5).ok());
  }
  ASSERT_TRUE((*writer)->Finish(key).ok());
}

void ExpectSmall(const CacheFile& cache) {
  ASSERT_EQ(cache.Count<uint64_t>("numbers"), 50);
  for (uint64_t i = 0; i < 50; ++i) EXPECT_EQ(cache.Data<uint64_t>("numbers")[i], i);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(cache.Data<uint64_t>("numbers")) % 64, 0);
  EXPECT_EQ(cache.Section("letters").size(), 250);
  EXPECT_EQ(cache.Section("letters").substr(245), "abcde");
  EXPECT_TRUE(cache.Section("empty").empty());
  EXPECT_TRUE(cache.Section("none").empty());
}

TEST(CacheFileTest, RoundTrips) {
  const std::string folder = Folder("round/trip");
  const std::string path = folder + "/a.cache";
  WriteSmall(path, "key");
  auto cache = CacheFile::Open(path, "key");
  ASSERT_TRUE(cache.ok()) << cache.status();
  ExpectSmall(**cache);
  EXPECT_EQ(FilesIn(folder), 1);  // nothing is left lying about
  // Writing it again changes nothing for who has it open.
  WriteSmall(path, "other");
  ExpectSmall(**cache);
  EXPECT_TRUE(CacheFile::Open(path, "other").ok());
}

TEST(CacheFileTest, SectionsOfManyBlocks) {
  const std::string path = Folder("blocks") + "/a.cache";
  std::string bytes(9 << 20, '\0');
  Random random({.sample = 1});
  for (char& c : bytes) c = static_cast<char>(random.Next());
  auto writer = CacheFileWriter::Create(path);
  ASSERT_TRUE(writer.ok());
  for (size_t at = 0, size = 1; at < bytes.size(); at += size, size = size * 3 + 1) {
    size = std::min(size, bytes.size() - at);
    ASSERT_TRUE((*writer)->Append("bytes", bytes.data() + at, size).ok());
  }
  ASSERT_TRUE((*writer)->Append("tail", "x", 1).ok());
  ASSERT_TRUE((*writer)->Finish("key").ok());
  auto cache = CacheFile::Open(path, "key");
  ASSERT_TRUE(cache.ok()) << cache.status();
  EXPECT_EQ((*cache)->Section("bytes"), bytes);
  EXPECT_EQ((*cache)->Section("tail"), "x");
  // A damaged byte in a block in the middle.
  std::string file = ReadFile(path);
  file[6 << 20] ^= 1;
  WriteFile(path, file);
  EXPECT_EQ(CacheFile::Open(path, "key").status().code(), absl::StatusCode::kDataLoss);
}

TEST(CacheFileTest, AbsentAndForeignFiles) {
  const std::string folder = Folder("foreign");
  const std::string path = folder + "/a.cache";
  EXPECT_EQ(CacheFile::Open(path, "key").status().code(), absl::StatusCode::kNotFound);
  WriteSmall(path, "key");
  EXPECT_EQ(CacheFile::Open(path, "key2").status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(CacheFile::Open(path, "").status().code(), absl::StatusCode::kDataLoss);
  for (const std::string& bytes : {std::string(), std::string("short"), std::string(100, 'x')}) {
    WriteFile(path, bytes);
    EXPECT_EQ(CacheFile::Open(path, "key").status().code(), absl::StatusCode::kDataLoss);
  }
}

TEST(CacheFileTest, HalfWrittenIsNeverRead) {
  const std::string path = Folder("half") + "/a.cache";
  WriteSmall(path, "key");
  const std::string whole = ReadFile(path);
  for (size_t size = 0; size < whole.size(); ++size) {
    WriteFile(path, whole.substr(0, size));
    ASSERT_FALSE(CacheFile::Open(path, "key").ok()) << size;
    if (size % 5 != 0) continue;
    // The same with the rest as a hole: the size is right, the content is not there.
    WriteFile(path, whole.substr(0, size) + std::string(whole.size() - size, '\0'));
    ASSERT_FALSE(CacheFile::Open(path, "key").ok()) << size;
  }
  WriteFile(path, whole + "x");
  EXPECT_FALSE(CacheFile::Open(path, "key").ok());
  WriteFile(path, whole);
  EXPECT_TRUE(CacheFile::Open(path, "key").ok());
}

TEST(CacheFileTest, AnyDamagedByteIsFound) {
  const std::string path = Folder("damaged") + "/a.cache";
  WriteSmall(path, "key");
  const std::string whole = ReadFile(path);
  int64_t accepted = 0;
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] ^= 1 << at % 8;
    WriteFile(path, damaged);
    const auto cache = CacheFile::Open(path, "key");
    if (!cache.ok()) continue;
    ++accepted;
    ExpectSmall(**cache);
  }
  // What is accepted is padding between the sections: 400 and 250 bytes, each up to a multiple
  // of 64.
  EXPECT_LE(accepted, 2 * 63);
}

TEST(CacheFileTest, AnAbandonedWriterLeavesNothing) {
  const std::string folder = Folder("abandoned");
  {
    auto writer = CacheFileWriter::Create(folder + "/a.cache");
    ASSERT_TRUE(writer.ok());
    ASSERT_TRUE((*writer)->Append("bytes", "abc", 3).ok());
    EXPECT_EQ(FilesIn(folder), 0);
  }
  EXPECT_EQ(FilesIn(folder), 0);
}

TEST(CacheFileTest, SaysWhyItCannotBeWritten) {
  const auto in_a_file = CacheFileWriter::Create("/dev/null/folder/a.cache");
  ASSERT_FALSE(in_a_file.ok());
  EXPECT_THAT(std::string(in_a_file.status().message()),
              testing::HasSubstr("/dev/null/folder/a.cache: the cache cannot be written"));
  // A full disk: writes beyond 1 MB fail.
  const std::string folder = Folder("full");
  auto writer = CacheFileWriter::Create(folder + "/a.cache");
  ASSERT_TRUE(writer.ok());
  signal(SIGXFSZ, SIG_IGN);
  rlimit before;
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit limit = {1 << 20, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &limit);
  const std::string bytes(3 << 20, 'x');
  absl::Status status = (*writer)->Append("bytes", bytes.data(), bytes.size());
  if (status.ok()) status = (*writer)->Finish("key");
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_FALSE(status.ok());
  *writer = nullptr;
  EXPECT_EQ(FilesIn(folder), 0);
}

TEST(CacheFileTest, IsTheUsersAlone) {
  const std::string folder = Folder("private/cache");
  const mode_t before = umask(022);
  WriteSmall(folder + "/a.cache", "key");
  umask(before);
  struct stat info;
  ASSERT_EQ(stat(folder.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700);
  ASSERT_EQ(stat((folder + "/a.cache").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600);
}

TEST(CacheFileTest, IsWhoeversTheUmaskSaysWhereThatIsAskedFor) {
  const std::string folder = Folder("shared/cache");
  const mode_t before = umask(027);
  auto writer = CacheFileWriter::Create(folder + "/a.cache", FileRights::kUmask);
  ASSERT_TRUE(writer.ok()) << writer.status();
  EXPECT_TRUE((*writer)->Finish("key").ok());
  umask(before);
  struct stat info;
  ASSERT_EQ(stat(folder.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0750);
  ASSERT_EQ(stat((folder + "/a.cache").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0640);
}

}  // namespace
}  // namespace pretext
