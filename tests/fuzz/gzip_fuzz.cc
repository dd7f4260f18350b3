#include "absl/strings/match.h"
#include "base/gzip_file/gzip_file.h"
#include "gtest/gtest.h"
#include "tests/fuzz/fuzz.h"

namespace pretext::testing {

bool ReadFuzzed(const std::string& bytes) {
  const std::string path = FileOf(bytes);
  auto file = GzipFile::Open(path, "text");
  if (!file.ok()) {
    EXPECT_TRUE(absl::StartsWith(file.status().message(), path)) << file.status();
    return false;
  }
  EXPECT_EQ(file->size_on_disk(), static_cast<int64_t>(bytes.size()));
  uint8_t buffer[100];
  int64_t total = 0, size = 0;
  const int64_t most = file->MostBytesBeyond(0);
  while ((size = file->Read(buffer, sizeof(buffer))) > 0) {
    EXPECT_LE(size, static_cast<int64_t>(sizeof(buffer)));
    total += size;
  }
  EXPECT_EQ(size, 0);
  EXPECT_LE(total, most);
  return file->Fault().empty();
}

}  // namespace pretext::testing
