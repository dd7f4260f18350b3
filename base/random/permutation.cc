#include "base/random/permutation.h"

#include <bit>

#include "base/check/check.h"

namespace pretext {
namespace {

// MurmurHash3's finalizer, keyed: the round function only has to scatter.
uint32_t Scatter(uint32_t x, uint32_t key) {
  x ^= key;
  x = (x ^ (x >> 16)) * 0x85ebca6bu;
  x = (x ^ (x >> 13)) * 0xc2b2ae35u;
  return x ^ (x >> 16);
}

}  // namespace

Permutation::Permutation(const RandomKey& key, int64_t n) : n_(n) {
  PRETEXT_CHECK(n >= 0 && n <= int64_t{1} << 48, "a permutation of 0 to 2^48 elements");
  const int bits = n <= 1 ? 1 : std::bit_width(static_cast<uint64_t>(n - 1));
  half_bits_ = (bits + 1) / 2;
  half_mask_ = (uint64_t{1} << half_bits_) - 1;
  Random random(key);
  for (uint32_t& k : round_keys_) k = random.Next();
}

uint64_t Permutation::Encrypt(uint64_t value) const {
  uint64_t left = value >> half_bits_, right = value & half_mask_;
  for (uint32_t k : round_keys_) {
    const uint64_t next = left ^ (Scatter(static_cast<uint32_t>(right), k) & half_mask_);
    left = right;
    right = next;
  }
  return left << half_bits_ | right;
}

int64_t Permutation::operator[](int64_t place) const {
  PRETEXT_CHECK(0 <= place && place < n_, "a place in the permutation");
  auto value = static_cast<uint64_t>(place);
  do {
    value = Encrypt(value);
  } while (value >= static_cast<uint64_t>(n_));
  return static_cast<int64_t>(value);
}

}  // namespace pretext
