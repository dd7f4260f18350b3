// How the rows of arrays become samples.
#pragma once

#include <vector>

namespace pretext {

//   value = (number - center[c]) · factor[c]    c the feature of a vector, the channel of an image
struct ArrayPreparation {
  std::vector<float> center, factor;  // [C]; empty: numbers as they are
};

}  // namespace pretext
