// Rows of numbers as samples of an encoder that was trained on arrays: one way, for files and for
// numbers that a program hands over.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/number_type/number_type.h"
#include "core/flow/array_preparation.h"
#include "core/flow/batch.h"
#include "pipelines/encoder/trained_encoder.h"

namespace pretext {

class ArraySamples {
 public:
  // InvalidArgument unless the encoder was trained on arrays, by a description that fits it.
  static absl::StatusOr<ArraySamples> Create(const TrainedEncoder& trained);

  // A row's numbers, of a file of that type, scaled as the training's. An error says which value is
  // not finite, or not what the encoder's can be.
  absl::Status Make(NumberType type, const std::vector<double>& numbers, Sample& sample) const;

 private:
  FlowType type_;
  ArrayPreparation preparation_;
};

}  // namespace pretext
