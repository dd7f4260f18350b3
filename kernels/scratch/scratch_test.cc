#include "kernels/scratch/scratch.h"

#include <algorithm>
#include <cstdint>

#include "gtest/gtest.h"

namespace pretext {
namespace {

TEST(Scratch, AlignedAndApart) {
  Scratch a(100), b(0), c(7);
  for (const Scratch* s : {&a, &b, &c}) EXPECT_EQ(reinterpret_cast<uintptr_t>(s->data()) % 64, 0u);
  std::fill_n(a.data(), 100, 1.0f);
  std::fill_n(c.data(), 7, 2.0f);
  EXPECT_TRUE(std::all_of(a.data(), a + 100, [](float x) { return x == 1.0f; }));
  EXPECT_NE(a.data(), b.data());
}

TEST(Scratch, MemoryIsKept) {
  const float* first;
  {
    Scratch s(5000);
    first = s.data();
  }
  Scratch again(5000);
  EXPECT_EQ(again.data(), first);
}

TEST(Scratch, EachThreadHasItsOwn) {
  const float* seen[2] = {};
#pragma omp parallel num_threads(2)
  {
    Scratch s(1000);
#pragma omp critical
    (seen[0] == nullptr ? seen[0] : seen[1]) = s.data();
#pragma omp barrier
  }
  EXPECT_NE(seen[0], seen[1]);
}

}  // namespace
}  // namespace pretext
