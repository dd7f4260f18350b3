#include "absl/strings/match.h"
#include "core/tensor/safetensors.h"
#include "gtest/gtest.h"
#include "tests/fuzz/fuzz.h"

namespace pretext::testing {

bool ReadFuzzed(const std::string& bytes) {
  const auto file = ParseTensors("f", bytes);
  if (!file.ok()) {
    EXPECT_TRUE(absl::StrContains(file.status().message(), "f")) << file.status();
    return false;
  }
  const std::string written = SerializeTensors(*file);
  const auto again = ParseTensors("f", written);
  EXPECT_TRUE(again.ok()) << again.status();
  if (again.ok()) {
    EXPECT_EQ(SerializeTensors(*again), written);
  }
  return true;
}

}  // namespace pretext::testing
