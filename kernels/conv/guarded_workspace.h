// Memory for a pass of a convolution, to test with.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

namespace pretext {

// NaN at first, and followed by values that nothing may touch: a checker of addresses does not see
// what generated code does.
class GuardedWorkspace {
 public:
  explicit GuardedWorkspace(size_t bytes)
      : bytes_(bytes), memory_(bytes / sizeof(float) + 2 * kGuard, kUntouched) {
    void* p = memory_.data();
    size_t space = memory_.size() * sizeof(float);
    data = static_cast<float*>(std::align(64, bytes, p, space));
    std::fill_n(data, bytes / sizeof(float), std::numeric_limits<float>::quiet_NaN());
  }
  ~GuardedWorkspace() {
    EXPECT_EQ(
        std::count(data + bytes_ / sizeof(float), memory_.data() + memory_.size(), kUntouched),
        memory_.data() + memory_.size() - data - static_cast<int64_t>(bytes_ / sizeof(float)))
        << "something was written beyond the workspace";
  }
  GuardedWorkspace(const GuardedWorkspace&) = delete;
  GuardedWorkspace& operator=(const GuardedWorkspace&) = delete;
  float* data;

 private:
  static constexpr size_t kGuard = 256;
  static constexpr float kUntouched = 12345;
  size_t bytes_;
  std::vector<float> memory_;
};

}  // namespace pretext
