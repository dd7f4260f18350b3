// The one way to a trained encoder, wherever it is.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pipelines/encoder/encoder_folder.h"
#include "pipelines/run/run_directory.h"

namespace pretext {

// The encoder at `path`, its weights loaded, ready for use:
//
//   a folder of an encoder   (pipelines/encoder/encoder_folder.h)
//   RUN                      its RUN/encoder. Where there is none, as of a training that was killed
//                            or still runs, what the latest checkpoint has
//   RUN/checkpoints/best     a checkpoint; what is to be known beside the weights is taken from the
//                            run's encoder, else from its pipeline
//
// Of a run without an encoder the files of its dataset must still be where they were; they are read
// only where the scaling depends on them. Errors name the file or folder at fault.
//
// `overrides` are of a pipeline's text, as train takes them: of all that a pipeline says
// train { precision } alone can be another where the encoder is used; the rest is a fault.
absl::StatusOr<TrainedEncoder> OpenEncoder(const std::string& path,
                                           const std::vector<std::string>& overrides = {});

// The parts of a run's encoder as its RUN/encoder describes them, else its pipeline, without
// weights: parameters are declared, and not allocated.
absl::StatusOr<TrainedEncoder> OpenWithoutWeights(const RunDirectory& run);

}  // namespace pretext
