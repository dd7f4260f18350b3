// What a training says of the encoder that it made.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "pipelines/assembly/assembly.h"
#include "pipelines/encoder/encoder_file.pb.h"

namespace pretext {

// Of an assembled pipeline: all but `weights`. Of a dataset whose scaling depends on its pixels
// (Dataset::preparation), FailedPrecondition before it is loaded.
absl::StatusOr<EncoderFile> DescribeEncoder(const Assembled& parts, const std::string& version,
                                            int64_t step);

// Adds the figures of the last evaluation in a metrics.jsonl; none where there is no such file or
// line.
void AddLastFigures(const std::string& metrics_path, EncoderFile& file);

}  // namespace pretext
