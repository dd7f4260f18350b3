#include "kernels/bfloat16/bfloat16.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "base/random/random.h"

namespace pretext {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// The nearest of the two neighbours, by comparing distances in double: the even one on a tie.
float Nearest(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const float down = std::bit_cast<float>(bits & 0xffff0000u);
  const float up = std::bit_cast<float>((bits & 0xffff0000u) + 0x10000u);
  const double below = std::abs(static_cast<double>(value) - down);
  const double above = std::abs(static_cast<double>(up) - value);
  if (below != above) return below < above ? down : up;
  return (std::bit_cast<uint32_t>(down) & 0x10000u) == 0 ? down : up;
}

TEST(Bfloat16, RoundsToTheNearestTiesToEven) {
  Random random({.seed = 3});
  for (int i = 0; i < 100000; ++i) {
    const float value = random.Normal() * std::ldexp(1.0f, i % 120 - 60);
    const float rounded = ToFloat(ToBfloat16(value));
    ASSERT_EQ(rounded, Nearest(value)) << value;
    ASSERT_FALSE(!(std::abs(rounded - value) <= kBfloat16Rounding * std::abs(value))) << value;
  }
  EXPECT_EQ(ToFloat(ToBfloat16(1.0f + 0x1p-8f)), 1.0f) << "a tie, to even";
  EXPECT_EQ(ToFloat(ToBfloat16(1.0f + 3 * 0x1p-8f)), 1.0f + 0x1p-6f) << "a tie, to even";
  EXPECT_EQ(ToFloat(ToBfloat16(1.0f + 0x1.002p-8f)), 1.0f + 0x1p-7f);
  EXPECT_EQ(ToFloat(ToBfloat16(-0.0f)), 0.0f);
  EXPECT_TRUE(std::signbit(ToFloat(ToBfloat16(-0.0f))));
}

TEST(Bfloat16, NanStaysNanAndInfinitiesStay) {
  for (uint32_t bits : {0x7f800001u, 0x7fffffffu, 0xff800001u, 0xffffffffu, 0x7fc00000u}) {
    EXPECT_TRUE(std::isnan(ToFloat(ToBfloat16(std::bit_cast<float>(bits))))) << bits;
    const std::vector<float> many(100, std::bit_cast<float>(bits));
    std::vector<Bfloat16> narrow(100);
    ToBfloat16(100, many.data(), narrow.data());
    for (const Bfloat16 value : narrow) ASSERT_TRUE(std::isnan(ToFloat(value))) << bits;
  }
  EXPECT_EQ(ToFloat(ToBfloat16(kInfinity)), kInfinity);
  EXPECT_EQ(ToFloat(ToBfloat16(-kInfinity)), -kInfinity);
  EXPECT_EQ(ToFloat(ToBfloat16(std::numeric_limits<float>::max())), kInfinity);
}

TEST(Bfloat16, ArraysAreAsSingleValuesAndComeBack) {
  for (int64_t n : {0, 1, 15, 17, 8192, 100003}) {
    std::vector<float> values(n), back(n);
    Random random({.seed = 4});
    for (float& v : values) v = random.Normal();
    std::vector<Bfloat16> narrow(n);
    ToBfloat16(n, values.data(), narrow.data());
    ToFloat(n, narrow.data(), back.data());
    std::vector<Bfloat16> sum = narrow;
    AddToBfloat16(n, 0.5f, narrow.data(), sum.data());
    for (int64_t i = 0; i < n; ++i) {
      ASSERT_EQ(narrow[i], ToBfloat16(values[i])) << i;
      ASSERT_EQ(back[i], ToFloat(narrow[i])) << i;
      ASSERT_EQ(sum[i], ToBfloat16(1.5f * back[i])) << i;
    }
  }
}

}  // namespace
}  // namespace pretext
