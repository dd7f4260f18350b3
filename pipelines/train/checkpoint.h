// RUN/checkpoint: all that a run needs to go on bit for bit.
//
//   weights.safetensors    parameters ("encoder.…", "head.…") and running statistics, row-major
//   optimizer.safetensors  the optimizer's state; the cursor in its metadata
//
// Replaced as a whole and atomically: the folder is written aside and flushed to the disk, then
// exchanged with the old one (ReplaceFolder of base/file/folder.h). A crash at any point leaves the
// old checkpoint or the new one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/autograd/parameter.h"
#include "core/plugin/optimizer.h"

namespace pretext {

// Where a run stands. Everything random is a function of these and the seed.
struct Cursor {
  int64_t step = 0;     // updates made
  int64_t batches = 0;  // training batches consumed, over all epochs
};

absl::Status SaveCheckpoint(const std::string& path, const Cursor& cursor,
                            const std::vector<const ParameterSet*>& sets, Optimizer& optimizer);

// Strict: every tensor of the sets and the optimizer is in the files with its shape and nothing
// else is, or nothing is changed and the error names the first that does not fit.
absl::StatusOr<Cursor> LoadCheckpoint(const std::string& path,
                                      const std::vector<ParameterSet*>& sets, Optimizer& optimizer);

// The weights of `sets` alone, for using an encoder without what trained it. Every tensor of the
// sets must be there; others in the file ("head.…") are left alone.
absl::Status LoadWeights(const std::string& path, const std::vector<ParameterSet*>& sets);

}  // namespace pretext
