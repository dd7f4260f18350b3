#include "core/tensor/finite.h"

#include <atomic>
#include <bit>
#include <cstdint>

#include "base/parallel/parallel.h"

namespace pretext {
namespace {

constexpr int64_t kBlock = 1 << 14;
constexpr uint32_t kExponent = 0x7f800000;  // all ones in NaN and infinity alone

}  // namespace

bool IsFinite(const Tensor& tensor) {
  if (!tensor.defined()) return true;
  // In memory order: the padding of a blocked layout is zero.
  const auto n = static_cast<int64_t>(tensor.bytes() / sizeof(float));
  const float* const data = tensor.data();
  std::atomic<bool> finite = true;
  ParallelBlocks(n, kBlock, 1, [&](int64_t begin, int64_t end) {
    uint32_t bad = 0;
    const float* const own = data;  // GCC 12 makes no vectors of a sum over what a lambda holds
#pragma omp simd reduction(| : bad)
    for (int64_t i = begin; i < end; ++i) {
      bad |= (std::bit_cast<uint32_t>(own[i]) & kExponent) == kExponent;
    }
    if (bad != 0) finite.store(false, std::memory_order_relaxed);
  });
  return finite;
}

}  // namespace pretext
