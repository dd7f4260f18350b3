#include "core/tensor/finite.h"

#include <algorithm>
#include <bit>
#include <cstdint>

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
  const int64_t blocks = (n + kBlock - 1) / kBlock;
  uint32_t bad = 0;
#pragma omp parallel for schedule(static) reduction(| : bad) if (blocks > 4)
  for (int64_t block = 0; block < blocks; ++block) {
    const int64_t end = std::min(n, (block + 1) * kBlock);
#pragma omp simd reduction(| : bad)
    for (int64_t i = block * kBlock; i < end; ++i) {
      bad |= (std::bit_cast<uint32_t>(data[i]) & kExponent) == kExponent;
    }
  }
  return bad == 0;
}

}  // namespace pretext
