#include "core/tensor/tensor.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <new>

#include "core/tensor/memory_pool.h"

namespace pretext {
namespace {

TEST(Tensor, CopiesShareMemoryAndClonesDoNot) {
  Tensor a = Tensor::Full({2, 3}, 1.5f);
  EXPECT_TRUE(a.unique());
  Tensor b = a;
  EXPECT_FALSE(a.unique());
  Tensor c = a.Clone();
  b.data()[4] = 7;
  EXPECT_EQ(a.data()[4], 7);
  EXPECT_EQ(c.data()[4], 1.5f);
}

TEST(Tensor, RowsAreAWindow) {
  Tensor a = Tensor::Zeros({4, 3});
  Tensor rows = a.Rows(1, 3);
  EXPECT_EQ(rows.shape(), (Shape{2, 3}));
  rows.data()[0] = 5;
  EXPECT_EQ(a.data()[3], 5);
  EXPECT_EQ(a.Rows(4, 4).size(), 0);
}

TEST(Tensor, DataIsAlignedForTheWidestVectors) {
  for (int64_t n : {1, 3, 17, 1000, 100000}) {
    EXPECT_EQ(reinterpret_cast<uintptr_t>(Tensor::Uninitialized({n}).data()) % 64, 0u);
  }
}

TEST(Tensor, FindsTheFirstNonFiniteElement) {
  Tensor a = Tensor::Zeros({5});
  EXPECT_EQ(FirstNonFinite(a), -1);
  a.data()[4] = std::numeric_limits<float>::infinity();
  a.data()[2] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(FirstNonFinite(a), 2);
}

TEST(MemoryPool, TheSameSizesAgainAllocateNothing) {
  const auto step = [] {
    Tensor a = Tensor::Uninitialized({100, 100}), b = Tensor::Uninitialized({7});
    Tensor c = a.Clone();
  };
  step();
  const int64_t misses = MemoryPool::stats().misses;
  for (int i = 0; i < 10; ++i) step();
  EXPECT_EQ(MemoryPool::stats().misses, misses);
}

TEST(MemoryPool, KeepsToALimit) {
  MemoryPool::Trim();
  const MemoryPool::Stats before = MemoryPool::stats();
  MemoryPool::SetLimit(before.bytes_held + (1 << 20));
  EXPECT_THROW(Tensor::Uninitialized({1 << 19}), std::bad_alloc);
  EXPECT_EQ(MemoryPool::stats().bytes_in_use, before.bytes_in_use);
  { const Tensor fits = Tensor::Uninitialized({1 << 17}); }
  MemoryPool::SetLimit(0);
  EXPECT_NO_THROW(Tensor::Uninitialized({1 << 19}));
}

TEST(MemoryPool, TrimGivesFreeBlocksBack) {
  { Tensor a = Tensor::Uninitialized({1 << 20}); }
  const int64_t held = MemoryPool::stats().bytes_held;
  MemoryPool::Trim();
  EXPECT_LE(MemoryPool::stats().bytes_held, held - (4 << 20));
}

// Sizes that rise from phase to phase: what is free of one is given back for the next.
TEST(MemoryPool, CompactHoldsNoMoreThanWasInUse) {
  MemoryPool::Trim();
  MemoryPool::SetCompact(true);
  const int64_t others = MemoryPool::stats().bytes_held - MemoryPool::stats().bytes_in_use;
  for (int64_t megabytes = 1; megabytes <= 64; megabytes *= 2) {
    const Tensor one = Tensor::Uninitialized({megabytes << 18});
    const MemoryPool::Stats stats = MemoryPool::stats();
    EXPECT_LE(stats.bytes_held, stats.peak_in_use + others) << megabytes;
  }
  MemoryPool::SetCompact(false);
}

TEST(MemoryPool, LeavesLibrariesWhatTheyAreToFind) {
  // More than an address can reach: no block leaves that.
  MemoryPool::SetHeadroom(size_t{1} << 47);
  EXPECT_EQ(MemoryPool::headroom(), size_t{1} << 47);
  EXPECT_THROW(Tensor::Uninitialized({12345, 67}), std::bad_alloc);
  MemoryPool::SetHeadroom(1);
  EXPECT_TRUE(Tensor::Uninitialized({12345, 67}).defined());
  MemoryPool::SetHeadroom(0);
}

}  // namespace
}  // namespace pretext
