#include "kernels/dropout/dropout.h"

#include <algorithm>
#include <cmath>

#include "base/check/check.h"
#include "base/parallel/parallel.h"
#include "base/random/philox.h"

namespace pretext {
namespace {

constexpr int kLanes = 16;
constexpr int kGroup = 8 * kLanes;  // elements of sixteen Philox blocks

// All 128 multipliers of a group. Blocks beyond 2^32 are those of another key.
void Group(const DropoutMask& dropout, int64_t first_block, float* multipliers) {
  alignas(64) uint32_t words[4][kLanes];
  const auto& [key, counter] = dropout.stream;
  const auto low = static_cast<uint32_t>(first_block),
             high = static_cast<uint32_t>(first_block >> 32);
  PhiloxBlocks<kLanes>({low, counter[0], counter[1], counter[2]}, {key[0], key[1] ^ high}, words);
  const float scale = dropout.scale;
  const uint32_t threshold = dropout.threshold;
  for (int w = 0; w < 4; ++w) {
    float* even = multipliers + 2 * w * kLanes;
    float* odd = even + kLanes;
#pragma omp simd
    for (int lane = 0; lane < kLanes; ++lane) {
      even[lane] = (words[w][lane] & 0xffffu) >= threshold ? scale : 0.0f;
      odd[lane] = (words[w][lane] >> 16) >= threshold ? scale : 0.0f;
    }
  }
}

}  // namespace

DropoutMask MakeDropout(const RandomKey& key, float probability) {
  PRETEXT_CHECK(probability >= 0 && probability < 1, "a dropout probability is in [0, 1)");
  DropoutMask dropout;
  dropout.stream = MakePhiloxState(key);
  dropout.threshold = std::min<uint32_t>(std::lround(probability * 65536.0f), 65535);
  dropout.scale = 65536.0f / static_cast<float>(65536 - dropout.threshold);
  return dropout;
}

void DropoutRow(const DropoutMask& dropout, int64_t row, int64_t columns, float* multipliers) {
  DropoutRowStart(dropout, row, columns, columns, multipliers);
}

void DropoutRowStart(const DropoutMask& dropout, int64_t row, int64_t columns, int64_t count,
                     float* multipliers) {
  const int64_t groups = (columns + kGroup - 1) / kGroup;
  int64_t block = row * groups * kLanes;
  int64_t column = 0;
  for (; column + kGroup <= count; column += kGroup, block += kLanes) {
    Group(dropout, block, multipliers + column);
  }
  if (column < count) {
    alignas(64) float last[kGroup];
    Group(dropout, block, last);
    std::copy_n(last, count - column, multipliers + column);
  }
}

void ApplyDropout(const DropoutMask& dropout, int64_t first_row, int64_t rows, int64_t columns,
                  const float* x, float* y) {
  const int64_t groups = (columns + kGroup - 1) / kGroup;
  ParallelFor(rows, 2 * columns, [&](int64_t r) {
    int64_t block = (first_row + r) * groups * kLanes;
    for (int64_t begin = 0; begin < columns; begin += kGroup, block += kLanes) {
      alignas(64) float multipliers[kGroup];
      Group(dropout, block, multipliers);
      const int64_t count = std::min<int64_t>(kGroup, columns - begin);
      const float* in = x + r * columns + begin;
      float* out = y + r * columns + begin;
#pragma omp simd
      for (int64_t i = 0; i < count; ++i) out[i] = in[i] * multipliers[i];
    }
  });
}

}  // namespace pretext
