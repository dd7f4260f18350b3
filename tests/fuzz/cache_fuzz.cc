#include "base/file/read_file.h"
#include "datasets/cache_file/cache_file.h"
#include "gtest/gtest.h"
#include "tests/fuzz/fuzz.h"

namespace pretext::testing {
namespace {

std::string Make() {
  const std::string path = ::testing::TempDir() + "/whole.cache";
  auto writer = CacheFileWriter::Create(path);
  EXPECT_TRUE(writer.ok()) << writer.status();
  EXPECT_TRUE((*writer)->Append("tokens", "some bytes of a section", 23).ok());
  EXPECT_TRUE((*writer)->Declare("nothing").ok());
  EXPECT_TRUE((*writer)->Append("starts", "others", 6).ok());
  EXPECT_TRUE((*writer)->Finish("key").ok());
  return *ReadFile(path);
}

const std::string& Whole() {
  static const std::string whole = Make();
  return whole;
}

}  // namespace

// No change of a section's bytes goes unseen.
bool ReadFuzzed(const std::string& bytes) {
  const auto cache = CacheFile::Open(FileOf(bytes), "key");
  if (!cache.ok()) {
    EXPECT_FALSE(cache.status().message().empty());
    return false;
  }
  EXPECT_EQ((*cache)->Section("tokens"), "some bytes of a section");
  EXPECT_EQ((*cache)->Section("nothing"), "");
  EXPECT_EQ((*cache)->Section("starts"), "others");
  return true;
}

std::vector<std::string> MadeFiles() { return {Whole()}; }

}  // namespace pretext::testing
