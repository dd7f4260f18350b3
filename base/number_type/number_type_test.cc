#include "base/number_type/number_type.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace pretext {
namespace {

template <class T>
std::vector<float> Floats(NumberType type, const std::vector<T>& numbers) {
  EXPECT_EQ(BytesOf(type), static_cast<int64_t>(sizeof(T)));
  // At an odd address.
  std::string bytes(1, ' ');
  bytes.append(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(T));
  std::vector<float> floats(numbers.size());
  ToFloats(type, bytes.data() + 1, static_cast<int64_t>(numbers.size()), floats.data());
  return floats;
}

using F = std::vector<float>;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(NumberType, EveryTypeBecomesFloats) {
  EXPECT_EQ(Floats<uint8_t>(NumberType::kU8, {0, 7, 255}), (F{0, 7, 255}));
  EXPECT_EQ(Floats<uint8_t>(NumberType::kBool, {0, 1}), (F{0, 1}));
  EXPECT_EQ(Floats<int8_t>(NumberType::kI8, {-128, 127}), (F{-128, 127}));
  EXPECT_EQ(Floats<uint16_t>(NumberType::kU16, {65535}), (F{65535}));
  EXPECT_EQ(Floats<int16_t>(NumberType::kI16, {-32768}), (F{-32768}));
  EXPECT_EQ(Floats<uint32_t>(NumberType::kU32, {4294967295u}), (F{4294967296.0f}));
  EXPECT_EQ(Floats<int32_t>(NumberType::kI32, {-5, 1 << 24}), (F{-5, 16777216}));
  EXPECT_EQ(Floats<uint64_t>(NumberType::kU64, {uint64_t{1} << 63}), (F{9223372036854775808.0f}));
  EXPECT_EQ(Floats<int64_t>(NumberType::kI64, {-1}), (F{-1}));
  EXPECT_EQ(Floats<float>(NumberType::kF32, {0.1f, -kInfinity}), (F{0.1f, -kInfinity}));
  EXPECT_EQ(Floats<double>(NumberType::kF64, {0.1, 1e300}), (F{0.1f, kInfinity}));
}

// Every half, by its definition: (-1)^s 2^(e-15) (1 + f/1024), 2^-14 f/1024 for e = 0.
TEST(NumberType, EveryHalf) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const double sign = (bits >> 15) != 0 ? -1 : 1;
    const int exponent = static_cast<int>(bits >> 10 & 31);
    const double fraction = static_cast<double>(bits & 1023) / 1024;
    const float got = Floats<uint16_t>(NumberType::kF16, {static_cast<uint16_t>(bits)})[0];
    if (exponent == 31) {
      EXPECT_TRUE(fraction == 0 ? got == sign * kInfinity : std::isnan(got)) << bits;
      continue;
    }
    const double want = exponent == 0 ? sign * std::ldexp(fraction, -14)
                                      : sign * std::ldexp(1 + fraction, exponent - 15);
    EXPECT_EQ(got, want) << bits;
    EXPECT_EQ(std::signbit(got), sign < 0) << bits;
  }
}

TEST(NumberType, BrainFloatsAreUpperHalves) {
  EXPECT_EQ(Floats<uint16_t>(NumberType::kBF16, {0x3f80, 0xc040, 0x7f80}), (F{1, -3, kInfinity}));
}

TEST(NumberType, WholeNumbers) {
  const int64_t large = int64_t{1} << 60;
  EXPECT_EQ(ToWhole(NumberType::kI64, &large), large);
  const uint64_t larger = ~uint64_t{0};
  EXPECT_EQ(ToWhole(NumberType::kU64, &larger), std::nullopt);
  const double half = 0.5, whole = -3, none = std::nan("");
  EXPECT_EQ(ToWhole(NumberType::kF64, &half), std::nullopt);
  EXPECT_EQ(ToWhole(NumberType::kF64, &whole), -3);
  EXPECT_EQ(ToWhole(NumberType::kF64, &none), std::nullopt);
  const uint16_t one = 0x3c00;
  EXPECT_EQ(ToWhole(NumberType::kF16, &one), 1);
}

TEST(NumberType, NamesGoBothWays) {
  for (int i = 0; i <= static_cast<int>(NumberType::kF64); ++i) {
    const auto type = static_cast<NumberType>(i);
    EXPECT_EQ(NumberTypeOf(NameOf(type)), type);
  }
  EXPECT_EQ(NumberTypeOf("F8_E4M3"), std::nullopt);
  EXPECT_TRUE(IsFloating(NumberType::kBF16));
  EXPECT_FALSE(IsFloating(NumberType::kI64));
}

}  // namespace
}  // namespace pretext
