#include "base/unicode/text_decoder.h"
#include "gtest/gtest.h"
#include "tests/fuzz/fuzz.h"

namespace pretext::testing {

bool ReadFuzzed(const std::string& bytes) {
  int64_t replaced = 0;
  const auto text = DecodeText(bytes, &replaced);
  if (!text.ok()) return false;
  EXPECT_EQ(text->find('\0'), std::string::npos);
  EXPECT_EQ(text->find('\r'), std::string::npos);
  // In two halves, the same.
  std::string halves;
  TextDecoder decoder;
  decoder.Append(std::string_view(bytes).substr(0, bytes.size() / 2), halves);
  decoder.Append(std::string_view(bytes).substr(bytes.size() / 2), halves);
  decoder.Finish(halves);
  EXPECT_EQ(halves, *text);
  EXPECT_EQ(decoder.replaced(), replaced);
  return true;
}

}  // namespace pretext::testing
