// A run that was trained, to be used.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/plugin/dataset.h"
#include "pipelines/assembly/assembly.h"
#include "pipelines/run/run_directory.h"

namespace pretext {

// The parts of a run with the weights of its latest checkpoint, its vocabulary from the run. The
// dataset is not loaded. `path` is the run, or one of its checkpoints (RUN/checkpoints/best).
// Errors name the run's folder or the file at fault.
absl::StatusOr<Assembled> OpenTrained(const std::string& path);

// What OpenTrained is made of: the checkpoint that `path` names, of the run or its own, and its
// weights in all of the parts, which are allocated.
std::string CheckpointAt(const std::string& path, const RunDirectory& run);
absl::Status LoadTrained(const std::string& checkpoint, Assembled& parts);

// NotFound where the run learnt a vocabulary and its folder has it no more: a tokenizer without one
// can neither encode nor say which it is.
absl::Status CheckVocabulary(const std::string& run, const Dataset& dataset);

// The run whose checkpoint is at `path`, one or two folders above. Without one, the path itself,
// which is then a run or an error.
std::string RunOf(const std::string& path);

}  // namespace pretext
