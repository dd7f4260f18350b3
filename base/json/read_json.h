// JSON files of other programs.
#pragma once

#include <google/protobuf/struct.pb.h>

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace pretext {

// A file of at most `most_bytes`, as a JSON object. Errors name the path and the reason: those of
// ReadFile, and DataLoss for what is no object.
absl::StatusOr<google::protobuf::Struct> ReadJsonFile(const std::string& path,
                                                      int64_t most_bytes = 1 << 26);

}  // namespace pretext
