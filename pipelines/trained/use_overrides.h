// What --override may say of an encoder that is used or measured, and not trained.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pipelines/text/load_pipeline.h"

namespace pretext {

// The overrides alone as a pipeline, without defaults. `may` has the fields that can be another
// than in training, "train.precision" or a section as a whole, "evaluate"; any other, and a value
// of `evaluate` that is out of its range, is a fault at its place in the override, of
// InvalidArgument. A validation split, which is kept from training, is none of `evaluate` here.
absl::StatusOr<LoadedPipeline> ReadUseOverrides(const std::vector<std::string>& overrides,
                                                const std::vector<absl::string_view>& may);

}  // namespace pretext
