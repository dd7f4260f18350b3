#include "tests/fuzz/coverage.h"

#include <cstddef>
#include <cstdint>

namespace pretext::testing {
namespace {

constexpr size_t kEdges = 1 << 18;

bool seen[kEdges];
bool any_new = false;
thread_local uintptr_t block_before = 0;

}  // namespace

bool TakeNewEdges() {
  const bool taken = any_new;
  any_new = false;
  return taken;
}

}  // namespace pretext::testing

extern "C" char __executable_start;

// What the compiler calls in every block.
extern "C" void __sanitizer_cov_trace_pc() {
  using namespace pretext::testing;
  const uintptr_t block = reinterpret_cast<uintptr_t>(__builtin_return_address(0)) -
                          reinterpret_cast<uintptr_t>(&__executable_start);
  const size_t edge = (block ^ block_before * 31) % kEdges;
  block_before = block;
  if (seen[edge]) return;
  seen[edge] = true;
  any_new = true;
}
