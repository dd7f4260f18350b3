#include "base/parallel/parallel.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <atomic>
#include <cmath>
#include <utility>
#include <vector>

namespace pretext {
namespace {

// Calls test() with teams of 1, 2 and 5 threads.
template <class Test>
void WithTeams(const Test& test) {
  const int before = omp_get_max_threads();
  for (const int threads : {1, 2, 5}) {
    omp_set_num_threads(threads);
    test();
  }
  omp_set_num_threads(before);
}

TEST(Parallel, EveryItemOnce) {
  WithTeams([] {
    for (const int64_t items : {0, 1, 2, 7, 100, 1001, 9001}) {
      for (const int64_t cost : {int64_t{0}, int64_t{1}, kWorthATeam}) {
        std::vector<int> even(items), uneven(items), blocks(items), elements(items);
        ParallelFor(items, cost, [&](int64_t i) { ++even[i]; });
        ParallelForUneven(items, 3, cost, [&](int64_t i) { ++uneven[i]; });
        ParallelBlocks(items, 10, cost, [&](int64_t begin, int64_t end) {
          EXPECT_EQ(begin % 10, 0);
          EXPECT_TRUE(end == begin + 10 || end == items) << begin << " " << end;
          for (int64_t i = begin; i < end; ++i) ++blocks[i];
        });
        ParallelElements(items, [&](int64_t i) { ++elements[i]; });
        EXPECT_EQ(even, std::vector<int>(items, 1));
        EXPECT_EQ(uneven, even);
        EXPECT_EQ(blocks, even);
        EXPECT_EQ(elements, even);
      }
    }
  });
}

// How many threads a loop of these items has.
int Threads(int64_t items, int64_t cost) {
  std::atomic<int> threads = 0;
  ParallelFor(items, cost, [&](int64_t) { threads = omp_get_num_threads(); });
  return threads;
}

TEST(Parallel, ATeamFromTheThresholdOnAndForMoreThanOneItem) {
  const int before = omp_get_max_threads();
  omp_set_num_threads(3);
  EXPECT_EQ(Threads(kWorthATeam - 1, 1), 1);
  EXPECT_EQ(Threads(kWorthATeam, 1), 3);
  EXPECT_EQ(Threads(2, kWorthATeam / 2), 3);
  EXPECT_EQ(Threads(1, kWorthATeam), 1);
  int inside = 0;
#pragma omp parallel
#pragma omp single
  inside = Threads(kWorthATeam, 1);
  EXPECT_EQ(inside, 1) << "from inside a region the thread's own";
  omp_set_num_threads(before);
}

TEST(Parallel, ASumHasTheSameBitsWhateverTheThreads) {
  // Terms of which every order of adding gives other bits.
  const int64_t n = 100003;
  const auto part = [](int64_t begin, int64_t end) {
    double sum = 0;
    for (int64_t i = begin; i < end; ++i) sum += std::sin(1.7 * static_cast<double>(i)) * 1e3;
    return sum;
  };
  double expected = 0;
  for (int64_t begin = 0; begin < n; begin += 64) expected += part(begin, std::min(n, begin + 64));
  WithTeams([&] { EXPECT_EQ(ParallelSum(n, 64, 2, part), expected); });
  EXPECT_NE(ParallelSum(n, 128, 2, part), expected) << "the terms tell orders apart";
  EXPECT_EQ(ParallelSum(0, 64, 2, part), 0);
}

}  // namespace
}  // namespace pretext
