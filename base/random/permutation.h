// A random order of 0 … n-1, as a function: the place of any element is computed, never stored.
#pragma once

#include <array>
#include <cstdint>

#include "base/random/random.h"

namespace pretext {

// A Feistel network over the next even number of bits, walked until it lands below n
// (Black and Rogaway 2002, "Ciphers with arbitrary finite domains"): a bijection for every key, on
// average under four evaluations a place.
class Permutation {
 public:
  // n from 0 to 2^48.
  Permutation(const RandomKey& key, int64_t n);

  // The element at `place`, 0 <= place < n.
  int64_t operator[](int64_t place) const;

 private:
  // Four rounds would do for large domains; small ones, with two bits a half, need more to look
  // random (tested).
  static constexpr int kRounds = 12;

  uint64_t Encrypt(uint64_t value) const;

  int64_t n_;
  int half_bits_;
  uint64_t half_mask_;
  std::array<uint32_t, kRounds> round_keys_;
};

}  // namespace pretext
