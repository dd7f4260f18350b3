#include "kernels/bfloat16/bfloat16.h"

#include "base/parallel/parallel.h"

namespace pretext {
namespace {

constexpr int64_t kBlock = 1 << 13;  // values a thread takes at a time

}  // namespace

void ToBfloat16(int64_t n, const float* from, Bfloat16* to) {
  ParallelBlocks(n, kBlock, 1, [=](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) to[i] = ToBfloat16(from[i]);
  });
}

void ToFloat(int64_t n, const Bfloat16* from, float* to) {
  ParallelBlocks(n, kBlock, 1, [=](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) to[i] = ToFloat(from[i]);
  });
}

void AddToBfloat16(int64_t n, float scale, const Bfloat16* from, Bfloat16* to) {
  ParallelBlocks(n, kBlock, 1, [=](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) {
      to[i] = ToBfloat16(ToFloat(to[i]) + scale * ToFloat(from[i]));
    }
  });
}

}  // namespace pretext
