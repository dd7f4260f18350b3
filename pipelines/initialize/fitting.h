// What of a file of weights does not fit the parts that are to take them.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/plugin/tokenizer.h"
#include "pipelines/initialize/matching.h"
#include "pipelines/initialize/weight_file.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {

// A sentence for each thing: tensors that are missing or left over and not allowed to be, by name
// and shape; shapes that are not alike; numbers that are not finite; a tied decoder that is not; a
// config.json that says something else.
std::vector<std::string> FindMisfits(const WeightFile& file, const Matching& matching,
                                     const Pipeline::Initialize& entry);

// The first id that is another token in the vocabulary file (a token a line) than here, in words;
// empty when there is none.
absl::StatusOr<std::string> VocabularyDifference(const std::string& path,
                                                 const Tokenizer& tokenizer);

}  // namespace pretext
