// CRC-32 sums over what samples hold: what tells them from others.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pretext {

// The CRC-32 of what `sum` is of (at first 0) with these bytes behind it.
inline uint32_t AddToSum(uint32_t sum, const void* bytes, size_t size) {
  if (size == 0) return sum;  // zlib takes null for a wish to begin
  return static_cast<uint32_t>(crc32_z(sum, static_cast<const Bytef*>(bytes), size));
}

template <typename T>
uint32_t AddToSum(uint32_t sum, const std::vector<T>& values) {
  return AddToSum(sum, values.data(), values.size() * sizeof(T));
}

}  // namespace pretext
