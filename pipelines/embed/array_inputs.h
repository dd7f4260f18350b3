// Rows of arrays as input (input.h).
#pragma once

#include <memory>
#include <string>

#include "pipelines/embed/input.h"

namespace pretext {

// Whether a file is one of arrays, by its name: .npy or .safetensors.
bool IsArrayPath(const std::string& path);

// The rows of a file, with labels in another or in the same .safetensors. Errors: the encoder was
// not trained on arrays, the file is none, its rows are of another shape.
absl::StatusOr<std::unique_ptr<Input>> OpenArrays(const InputOptions& options,
                                                  const TrainedEncoder& trained);

}  // namespace pretext
