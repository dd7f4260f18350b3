// The types of numbers in other programs' files, and how they become ours.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace pretext {

// Little endian. The names are those of safetensors without their case.
enum class NumberType : uint8_t {
  kBool,  // a byte, 0 or 1
  kU8,
  kI8,
  kU16,
  kI16,
  kF16,   // IEEE 754 binary16
  kBF16,  // the upper half of a float32
  kU32,
  kI32,
  kF32,
  kU64,
  kI64,
  kF64,
};

int64_t BytesOf(NumberType type);
bool IsFloating(NumberType type);
// "F16", as safetensors names it.
absl::string_view NameOf(NumberType type);
std::optional<NumberType> NumberTypeOf(absl::string_view name);

// `count` numbers, which may lie at any address, as float32: F32, F16, BF16 and whole numbers to
// 2^24 are kept exactly, others rounded to nearest; what is beyond float32's range is infinite.
void ToFloats(NumberType type, const void* from, int64_t count, float* to);

// The same as float64, which holds all but whole numbers beyond 2^53.
void ToDoubles(NumberType type, const void* from, int64_t count, double* to);

// One number as a whole one, or nothing when it is none or beyond 64 bits.
std::optional<int64_t> ToWhole(NumberType type, const void* from);

}  // namespace pretext
