#include "base/random/philox.h"

#include <gtest/gtest.h>

#include "base/random/random.h"

namespace pretext {
namespace {

// Philox() itself is held to the known answers in random_test.
template <int kBlocks>
void ExpectTheBlocksOfTheScalar(const std::array<uint32_t, 4>& first,
                                const std::array<uint32_t, 2>& key) {
  uint32_t words[4][kBlocks];
  PhiloxBlocks(first, key, words);
  for (uint32_t i = 0; i < kBlocks; ++i) {
    const auto block = Philox({first[0] + i, first[1], first[2], first[3]}, key);
    for (size_t w = 0; w < 4; ++w)
      ASSERT_EQ(words[w][i], block[w]) << kBlocks << " block " << i << " word " << w;
  }
}

TEST(PhiloxBlocks, AreTheBlocksOfTheScalarAndTheCounterWraps) {
  Random random({.seed = 1});
  for (const uint32_t start : {0u, 1u, 16u, 0x7fffffffu, 0xfffffff0u, 0xfffffff7u, 0xffffffffu}) {
    for (int trial = 0; trial < 20; ++trial) {
      const std::array<uint32_t, 4> first = {start, random.Next(), random.Next(), random.Next()};
      const std::array<uint32_t, 2> key = {random.Next(), random.Next()};
      ExpectTheBlocksOfTheScalar<16>(first, key);
      ExpectTheBlocksOfTheScalar<48>(first, key);
    }
    ExpectTheBlocksOfTheScalar<16>({start, ~0u, ~0u, ~0u}, {~0u, ~0u});
  }
}

}  // namespace
}  // namespace pretext
