#include "kernels/gemm/openblas_buffers.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <vector>

#include "base/check/sanitizers.h"
#include "kernels/gemm/gemm.h"

namespace pretext {
namespace {

// Bytes of address space in use.
rlim_t AddressSpace() {
  std::ifstream file("/proc/self/statm");
  rlim_t pages = 0;
  file >> pages;
  return pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE));
}

void Multiply() {
  constexpr int64_t kSize = 300;  // large enough for the kernels that need a buffer
  const std::vector<float> a(kSize * kSize, 0.5f), b(kSize * kSize, 0.25f);
  std::vector<float> c(kSize * kSize);
  GemmWith(GemmLibrary::kOpenBlas, Transpose::kNo, Transpose::kNo, kSize, kSize, kSize, 1.0f,
           a.data(), kSize, b.data(), kSize, 0.0f, c.data(), kSize);
  ASSERT_FLOAT_EQ(c[0], 0.125f * kSize);
}

// Without what was reserved the product would never come back.
TEST(OpenBlasBuffers, WhatIsReservedIsEnoughWhenNothingIsLeft) {
  if (kSanitizerTakesMemory) GTEST_SKIP();
  ReserveOpenBlasBuffers(2);
  const rlim_t before = AddressSpace();
  ReserveOpenBlasBuffers(2);
  EXPECT_EQ(AddressSpace(), before) << "they are kept";
  EXPECT_GE(before, rlim_t{256} << 20);
  rlimit old;
  ASSERT_EQ(getrlimit(RLIMIT_AS, &old), 0);
  const rlimit little = {before + (rlim_t{64} << 20), old.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_AS, &little), 0);
  Multiply();
  ASSERT_EQ(setrlimit(RLIMIT_AS, &old), 0);
}

}  // namespace
}  // namespace pretext
