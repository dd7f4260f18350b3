#include "base/random/random.h"

#include <cmath>
#include <numbers>

#include "base/random/philox.h"

namespace pretext {
namespace {

// SplitMix64's finalizer: spreads the seed and the purpose over the 64 key bits.
uint64_t Mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15ull;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

}  // namespace

std::array<uint32_t, 4> Philox(const std::array<uint32_t, 4>& counter,
                               const std::array<uint32_t, 2>& key) {
  using philox_internal::Lane;
  Lane c[4][1] = {{counter[0]}, {counter[1]}, {counter[2]}, {counter[3]}};
  philox_internal::Rounds(key[0], key[1], c);
  std::array<uint32_t, 4> words;
  for (size_t w = 0; w < 4; ++w) words[w] = static_cast<uint32_t>(c[w][0]);
  return words;
}

PhiloxState MakePhiloxState(const RandomKey& key) {
  const uint64_t k = Mix(Mix(key.seed) ^ static_cast<uint64_t>(key.purpose));
  return {.key = {static_cast<uint32_t>(k), static_cast<uint32_t>(k >> 32)},
          .counter = {key.epoch, static_cast<uint32_t>(key.sample),
                      static_cast<uint32_t>((key.sample >> 32) & 0xffffu) | (key.view << 16)}};
}

void Random::Refill() {
  block_ = Philox({index_++, state_.counter[0], state_.counter[1], state_.counter[2]}, state_.key);
  used_ = 0;
}

uint32_t Random::Below(uint32_t bound) {
  uint64_t product = uint64_t{Next()} * bound;
  if (static_cast<uint32_t>(product) < bound) {
    const uint32_t threshold = -bound % bound;
    while (static_cast<uint32_t>(product) < threshold) product = uint64_t{Next()} * bound;
  }
  return static_cast<uint32_t>(product >> 32);
}

float Random::Normal() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_normal_;
  }
  const float u = (static_cast<float>(Next() >> 8) + 0.5f) * 0x1p-24f;  // in (0, 1]: log is finite
  const float radius = std::sqrt(-2.0f * std::log(u));
  const float angle = 2.0f * std::numbers::pi_v<float> * Uniform();
  spare_normal_ = radius * std::sin(angle);
  has_spare_ = true;
  return radius * std::cos(angle);
}

}  // namespace pretext
