// A whole input through an encoder, into a file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/work/work.h"
#include "evaluation/features/features.h"
#include "pipelines/embed/batch_encoder.h"
#include "pipelines/embed/input.h"
#include "pipelines/embed/vector_file.h"

namespace pretext {

struct EmbedReport {
  int64_t inputs = 0;               // that were embedded
  int64_t rows = 0;                 // vectors that were written
  int64_t unreadable = 0;           // inputs that were left out
  std::vector<std::string> faults;  // of the first of them
  TextCounts text;
  std::vector<std::string> written;  // paths, the vectors' first
};

// `kept`: takes the vectors too, in memory; null: they are not kept. Nothing is written when no
// input can be read, which is InvalidArgument with the first fault, or when `work` stops it.
absl::StatusOr<EmbedReport> EmbedInput(BatchEncoder& encoder, Input& input, VectorFile& file,
                                       Features* kept, const Work& work);

}  // namespace pretext
