// A trained encoder on another dataset, to be evaluated there.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pipelines/assembly/assembly.h"

namespace pretext {

// The parts of the run, the checkpoint or the encoder's folder at `path`, their weights loaded,
// with the dataset that `dataset` names: text such as 'dataset { [type.googleapis.com/…] { … } }',
// or the path of a file that has that in it (a pipeline, of which the dataset is taken). The
// dataset is not loaded. No validation split is kept from it: its test split is what is measured.
//
// Of an encoder's folder head and loss are null, as they are not kept there; what the evaluation
// does is then what a pipeline says by default. `overrides` are merged over the run's pipeline: of
// `evaluate`, and train { precision } (use_overrides.h).
//
// Errors: InvalidArgument for a fault of the dataset, "--dataset:LINE:COLUMN: …", or of an
// override, and where samples are of another type than the encoder was trained on, or have another
// range.
absl::StatusOr<Assembled> OpenOnDataset(const std::string& path, const std::string& dataset,
                                        const std::vector<std::string>& overrides);

}  // namespace pretext
