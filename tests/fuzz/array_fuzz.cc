// Arrays in .npy and .safetensors files, of samples and of labels.
#include <vector>

#include "absl/strings/match.h"
#include "datasets/arrays/array_file.h"
#include "gtest/gtest.h"
#include "tests/fuzz/fuzz.h"

namespace pretext::testing {

bool ReadFuzzed(const std::string& bytes) {
  const std::string path = FileOf(bytes);
  bool any = false;
  for (const ArrayFile::Kind kind : {ArrayFile::Kind::kSamples, ArrayFile::Kind::kLabels}) {
    const auto file = ArrayFile::Open(path, "", kind);
    if (!file.ok()) {
      EXPECT_TRUE(absl::StrContains(file.status().message(), path)) << file.status();
      continue;
    }
    any = true;
    // The last row is the end of the file, or before it.
    std::vector<double> numbers;
    file->Read(file->rows() - 1, numbers);
    if (kind == ArrayFile::Kind::kLabels) file->WholeNumber(file->rows() - 1);
  }
  return any;
}

}  // namespace pretext::testing
