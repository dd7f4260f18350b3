#include "core/tensor/finite.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/random/random.h"

namespace pretext {
namespace {

TEST(IsFinite, FindsOneAmongMany) {
  Random random({.seed = 1});
  for (const int64_t size : {1, 7, 16385, 1 << 18}) {
    Tensor tensor = Tensor::Full({size}, -std::numeric_limits<float>::max());
    EXPECT_TRUE(IsFinite(tensor)) << size;
    for (const float bad : {NAN, -NAN, INFINITY, -INFINITY}) {
      const auto at = static_cast<int64_t>(random.Below(static_cast<uint32_t>(size)));
      const float before = std::exchange(tensor.data()[at], bad);
      EXPECT_FALSE(IsFinite(tensor)) << bad << " at " << at << " of " << size;
      tensor.data()[at] = before;
    }
    tensor.data()[0] = std::numeric_limits<float>::denorm_min();
    EXPECT_TRUE(IsFinite(tensor)) << size;
  }
}

TEST(IsFinite, NothingIsFinite) { EXPECT_TRUE(IsFinite(Tensor())); }

}  // namespace
}  // namespace pretext
