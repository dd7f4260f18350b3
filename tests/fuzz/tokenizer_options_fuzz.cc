#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "tests/fuzz/fuzz.h"
#include "tokenizers/word_piece/options_file.h"

namespace pretext::testing {

bool ReadFuzzed(const std::string& bytes) {
  const std::string path = FileOf(bytes);
  const auto options = ReadRememberedOptions(path);
  if (!options.ok()) {
    EXPECT_TRUE(absl::StartsWith(options.status().message(), path));
  }
  return options.ok();
}

}  // namespace pretext::testing
