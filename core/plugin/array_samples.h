// Datasets whose samples are rows of arrays.
#pragma once

#include <optional>
#include <vector>

namespace pretext {

// How a row of another array becomes a sample as the dataset's own did:
//   value = (number - center[c]) · factor[c]    c the feature of a vector, the channel of an image
struct ArrayPreparation {
  std::vector<float> center, factor;  // [C]; empty: numbers as they are
};

// What such a dataset is beside a Dataset.
class ArraySamples {
 public:
  virtual ~ArraySamples() = default;
  // After Load; nothing where the samples are of something else.
  virtual std::optional<ArrayPreparation> array_preparation() const = 0;
};

}  // namespace pretext
