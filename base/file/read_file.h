// Reads a whole file, of which there may be too much, or no end.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace pretext {

// The bytes of a file, a pipe or a device, at most `most_bytes`: a device that never ends is an
// error as a large file is, and so is a pipe that nobody writes to for some seconds. Errors name
// the path and the reason, each with its code: NotFound; PermissionDenied; InvalidArgument for a
// folder; OutOfRange for more than `most_bytes`; DeadlineExceeded for a silent pipe; those of
// errno else.
absl::StatusOr<std::string> ReadFile(const std::string& path,
                                     int64_t most_bytes = int64_t{1} << 46);

}  // namespace pretext
