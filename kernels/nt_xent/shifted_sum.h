// A sum of exponentials of any size, without overflow.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace pretext {

// value · 2^shift. The shift is that of the largest term, rounded up, so that each term, taken over
// it, is at most 1; it is an integer, so that moving a sum to a larger one is exact.
struct ShiftedSum {
  double value = 0;
  int32_t shift = INT32_MIN;  // no term yet

  void Add(const ShiftedSum& other) {
    if (other.value == 0) return;
    if (value == 0) {
      *this = other;
      return;
    }
    const int32_t larger = std::max(shift, other.shift);
    value = std::ldexp(value, shift - larger) + std::ldexp(other.value, other.shift - larger);
    shift = larger;
  }

  // The natural logarithm.
  double Log() const { return (std::log2(value) + shift) * std::numbers::ln2; }
};

}  // namespace pretext
