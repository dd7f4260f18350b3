#include "absl/strings/match.h"
#include "datasets/idx_images/idx.h"
#include "gtest/gtest.h"
#include "tests/fuzz/fuzz.h"

namespace pretext::testing {
namespace {

constexpr int64_t kLabels = 24;  // Of the corpus.

void ExpectNamed(const absl::Status& status, const std::string& path) {
  EXPECT_TRUE(absl::StrContains(status.message(), path)) << status;
}

}  // namespace

bool ReadFuzzed(const std::string& bytes) {
  const std::string path = FileOf(bytes);
  const auto images = ReadIdxImages(path);
  const auto labels = ReadIdxLabels(path, kLabels, "images");
  EXPECT_FALSE(images.ok() && labels.ok());
  if (images.ok()) {
    EXPECT_EQ(images->pixels.size(), images->count * images->height * images->width);
    EXPECT_FALSE(images->pixels.empty());
    EXPECT_TRUE(ReadIdxImageHeader(path).ok());
  } else {
    ExpectNamed(images.status(), path);
  }
  if (labels.ok()) {
    EXPECT_EQ(labels->size(), kLabels);
    EXPECT_TRUE(CheckIdxLabelHeader(path, kLabels, "images").ok());
  } else {
    ExpectNamed(labels.status(), path);
  }
  return images.ok() || labels.ok();
}

// Small images, uncompressed.
std::vector<std::string> MadeFiles() {
  return {std::string("\0\0\x08\x03\0\0\0\x02\0\0\0\x03\0\0\0\x04", 16) + std::string(24, 'x'),
          std::string("\0\0\x08\x01\0\0\0\x18", 8) + std::string(24, '\1')};
}

}  // namespace pretext::testing
