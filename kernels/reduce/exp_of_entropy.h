// How many things a share of each is spread over.
#pragma once

#include <cmath>
#include <cstdint>

namespace pretext {

// exp(-Σ p ln p) of n shares p that add up to 1: 1 where one has all, n where they are equal. Of
// the variance along a representation's directions it is the effective rank (Roy and Vetterli
// 2007).
template <typename Number>
double ExpOfEntropy(int64_t n, const Number* shares) {
  double entropy = 0;
  for (int64_t i = 0; i < n; ++i) {
    const auto share = static_cast<double>(shares[i]);
    if (share > 0) entropy -= share * std::log(share);
  }
  return std::exp(entropy);
}

}  // namespace pretext
