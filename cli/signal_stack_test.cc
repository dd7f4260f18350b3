#include "cli/signal_stack.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/time.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <vector>

#include "kernels/gemm/gemm.h"

namespace pretext {
namespace {

std::atomic<int> handled{0};

// With a handler on the thread's own stack this ends in "free():
// invalid pointer" or wrong products.
TEST(SignalStack, ProductsSurviveSignals) {
  HandleSignal(SIGALRM, [](int) { handled.fetch_add(1, std::memory_order_relaxed); });
  const itimerval every = {{0, 1000}, {0, 1000}};  // a millisecond
  ASSERT_EQ(setitimer(ITIMER_REAL, &every, nullptr), 0);
  constexpr int64_t m = 128, n = 512, k = 128;
  const std::vector<float> a(m * k, 1.0f), b(k * n, 1.0f);
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(400);
  while (std::chrono::steady_clock::now() < end) {
    std::vector<float> c(m * n);  // from the heap each time
    GemmWith(GemmLibrary::kOnednnSgemm, Transpose::kNo, Transpose::kYes, m, n, k, 1, a.data(), k,
             b.data(), k, 0, c.data(), n);
    ASSERT_TRUE(std::all_of(c.begin(), c.end(), [](float x) { return x == k; }));
  }
  const itimerval never = {};
  ASSERT_EQ(setitimer(ITIMER_REAL, &never, nullptr), 0);
  EXPECT_GT(handled.load(), 10);
}

}  // namespace
}  // namespace pretext
