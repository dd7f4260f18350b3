// From a dataset's split to features: through an encoder, or the samples themselves.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "base/work/work.h"
#include "core/plugin/augmentation.h"
#include "core/plugin/dataset.h"
#include "core/plugin/encoder.h"
#include "evaluation/features/features.h"

namespace pretext {

struct EncodeOptions {
  Split split = Split::kTest;
  int64_t batch_size = 256;
  int64_t limit = 0;                       // of the samples, drawn at random; 0: all
  std::vector<const Augmentation*> chain;  // what a view went through in training
  Precision precision = Precision::kFloat32;
  Work work;
};

// One vector a sample: Encoder::Pool of h in evaluation mode, of the sample after what of the chain
// remains in evaluation (Augmentation::ApplyInEvaluation). Labels are taken along if the dataset
// has them, indices always. Errors: those of Dataset::Read; Cancelled
// (base/work/work.h), as of every function here that takes a Work. An empty split gives no rows.
absl::StatusOr<Features> EncodeSplit(Encoder& encoder, const Dataset& dataset,
                                     const EncodeOptions& options);

// The samples' own values, whatever the chain; the dataset is of images or vectors.
absl::StatusOr<Features> RawSplit(const Dataset& dataset, const EncodeOptions& options);

}  // namespace pretext
