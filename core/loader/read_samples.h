// A pass over all samples of a split outside of training, and sums over what they hold.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "core/plugin/dataset.h"

namespace pretext {

// Samples that one thread reads one after the other.
inline constexpr int64_t kReadBlock = 256;

// use(index, sample) for every sample of the split, on all threads: those of a block of kReadBlock
// by one of them, in order. The dataset is loaded. The error of the first sample, by index, that
// cannot be read.
absl::Status ReadSamples(const Dataset& dataset, Split split,
                         const std::function<void(int64_t, const Sample&)>& use);

// The CRC-32 of what `sum` is of (at first 0) with the values behind it.
template <typename T>
uint32_t AddToSum(uint32_t sum, const std::vector<T>& values) {
  if (values.empty()) return sum;  // zlib takes null for a wish to begin
  return static_cast<uint32_t>(
      crc32_z(sum, reinterpret_cast<const Bytef*>(values.data()), values.size() * sizeof(T)));
}

}  // namespace pretext
