#include "absl/strings/match.h"
#include "datasets/cifar/cifar_file.h"
#include "gtest/gtest.h"
#include "tests/fuzz/fuzz.h"

namespace pretext::testing {

bool ReadFuzzed(const std::string& bytes) {
  const std::string path = FileOf(bytes);
  bool right = false;
  for (const CifarLayout& layout : {kCifar10, kCifar100, kCifar100Coarse}) {
    const absl::StatusOr<int64_t> records = CountCifarRecords(path, layout);
    const bool ragged = bytes.empty() || bytes.size() % layout.record() != 0;
    EXPECT_EQ(records.ok(), !ragged) << records.status();
    if (!records.ok()) {
      EXPECT_TRUE(absl::StartsWith(records.status().message(), path)) << records.status();
      continue;
    }
    std::vector<uint8_t> pixels;
    std::vector<int32_t> labels;
    const absl::Status status = ReadCifarFile(path, layout, *records, pixels, labels);
    if (!status.ok()) {
      EXPECT_TRUE(absl::StrContains(status.message(), path)) << status;
      continue;
    }
    EXPECT_EQ(pixels.size(), *records * kCifarPixels);
    EXPECT_EQ(labels.size(), *records);
    for (const int32_t label : labels) EXPECT_TRUE(label >= 0 && label < layout.classes) << label;
    right = true;
  }
  return right;
}

std::vector<std::string> MadeFiles() {
  std::vector<std::string> files;
  for (const int label_bytes : {1, 2}) {
    std::string records;
    for (int i = 0; i < 2; ++i) {
      records.append(static_cast<size_t>(label_bytes), static_cast<char>(3 + i));
      records.append(kCifarPixels, static_cast<char>(100 * i));
    }
    files.push_back(records);
  }
  return files;
}

}  // namespace pretext::testing
