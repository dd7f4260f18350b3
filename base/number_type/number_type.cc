#include "base/number_type/number_type.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace pretext {
namespace {

struct Facts {
  const char* name;
  int64_t bytes;
  bool floating;
};
// In the order of NumberType.
constexpr std::array<Facts, 13> kFacts = {{{"BOOL", 1, false},
                                           {"U8", 1, false},
                                           {"I8", 1, false},
                                           {"U16", 2, false},
                                           {"I16", 2, false},
                                           {"F16", 2, true},
                                           {"BF16", 2, true},
                                           {"U32", 4, false},
                                           {"I32", 4, false},
                                           {"F32", 4, true},
                                           {"U64", 8, false},
                                           {"I64", 8, false},
                                           {"F64", 8, true}}};

const Facts& FactsOf(NumberType type) { return kFacts[static_cast<size_t>(type)]; }

struct Half {
  uint16_t bits;
  explicit operator float() const {
    const uint32_t sign = (bits & 0x8000u) << 16, fraction = bits & 0x3ffu;
    const uint32_t exponent = bits >> 10 & 0x1fu;
    if (exponent == 0) {  // 0 or below the normal ones: fraction · 2^-24
      const float value = std::ldexp(static_cast<float>(fraction), -24);
      return sign != 0 ? -value : value;
    }
    const uint32_t wide = exponent == 31 ? 255 : exponent + 112;
    return std::bit_cast<float>(sign | wide << 23 | fraction << 13);
  }
};

struct Brain {
  uint16_t bits;
  explicit operator float() const {
    return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
  }
};

// Calls use(T()) with the type that the numbers have in memory.
template <class Use>
auto WithType(NumberType type, const Use& use) {
  switch (type) {
    case NumberType::kBool:
    case NumberType::kU8:
      return use(uint8_t{});
    case NumberType::kI8:
      return use(int8_t{});
    case NumberType::kU16:
      return use(uint16_t{});
    case NumberType::kI16:
      return use(int16_t{});
    case NumberType::kF16:
      return use(Half{});
    case NumberType::kBF16:
      return use(Brain{});
    case NumberType::kU32:
      return use(uint32_t{});
    case NumberType::kI32:
      return use(int32_t{});
    case NumberType::kF32:
      return use(float{});
    case NumberType::kU64:
      return use(uint64_t{});
    case NumberType::kI64:
      return use(int64_t{});
    case NumberType::kF64:
      break;
  }
  return use(double{});
}

template <class T>
T At(const void* from, int64_t i) {
  T value;
  std::memcpy(&value, static_cast<const char*>(from) + i * static_cast<int64_t>(sizeof(T)),
              sizeof(T));
  return value;
}

}  // namespace

int64_t BytesOf(NumberType type) { return FactsOf(type).bytes; }
bool IsFloating(NumberType type) { return FactsOf(type).floating; }
absl::string_view NameOf(NumberType type) { return FactsOf(type).name; }

std::optional<NumberType> NumberTypeOf(absl::string_view name) {
  for (size_t i = 0; i < kFacts.size(); ++i) {
    if (name == kFacts[i].name) return static_cast<NumberType>(i);
  }
  return std::nullopt;
}

void ToFloats(NumberType type, const void* from, int64_t count, float* to) {
  if (type == NumberType::kF32) {
    if (count > 0) std::memcpy(to, from, static_cast<size_t>(count) * sizeof(float));
    return;
  }
  WithType(type, [&](auto sample) {
    for (int64_t i = 0; i < count; ++i) to[i] = static_cast<float>(At<decltype(sample)>(from, i));
  });
}

void ToDoubles(NumberType type, const void* from, int64_t count, double* to) {
  WithType(type, [&](auto sample) {
    using T = decltype(sample);
    for (int64_t i = 0; i < count; ++i) {
      if constexpr (std::is_arithmetic_v<T>) {
        to[i] = static_cast<double>(At<T>(from, i));
      } else {
        to[i] = static_cast<double>(static_cast<float>(At<T>(from, i)));
      }
    }
  });
}

std::optional<int64_t> ToWhole(NumberType type, const void* from) {
  if (type == NumberType::kI64) return At<int64_t>(from, 0);
  if (type == NumberType::kU64) {
    const auto value = At<uint64_t>(from, 0);
    if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return std::nullopt;
    return static_cast<int64_t>(value);
  }
  // All others are exact in double.
  double value = 0;
  ToDoubles(type, from, 1, &value);
  constexpr double kMost = 9.2e18;
  if (!(std::abs(value) <= kMost) || value != std::floor(value)) return std::nullopt;
  return static_cast<int64_t>(value);
}

}  // namespace pretext
