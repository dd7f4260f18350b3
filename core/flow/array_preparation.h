// How the rows of arrays become samples.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/number_type/number_type.h"

namespace pretext {

struct ArrayPreparation {
  enum class Kind : uint8_t {
    kAsTheyAre,
    kBytes,         // over 255
    kByType,        // numbers of a file of unsigned bytes over 255, of other files as they are
    kStandardized,  // value = (number - center[c]) · factor[c]
  };
  Kind kind = Kind::kAsTheyAre;
  // Of kStandardized: c the feature of a vector, the channel of an image.
  std::vector<double> center, factor;

  // Whether a file's numbers of this type are divided by 255.
  bool Divides(NumberType type) const {
    return kind == Kind::kBytes || (kind == Kind::kByType && type == NumberType::kU8);
  }
  // A row's numbers as values, computed in double and rounded once.
  void Apply(NumberType type, const std::vector<double>& numbers, float* values) const {
    if (kind == Kind::kStandardized) {
      const size_t plane = numbers.size() / factor.size();
      for (size_t i = 0; i < numbers.size(); ++i) {
        const size_t c = i / plane;
        values[i] = static_cast<float>((numbers[i] - center[c]) * factor[c]);
      }
      return;
    }
    const double scale = Divides(type) ? 1.0f / 255 : 1;
    for (size_t i = 0; i < numbers.size(); ++i) values[i] = static_cast<float>(numbers[i] * scale);
  }
};

}  // namespace pretext
