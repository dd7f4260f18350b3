// The files of a corpus.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace pretext {

struct TextFile {
  std::string path;
  int64_t size = 0;  // bytes on disk
};

// The files that `path` names: itself, or every file below the folder, by path; links to folders
// are followed, each folder once. Hidden ones (a name with a leading dot) are left out, and so are
// empty files. Errors: nothing there, not readable, a
// folder without files; the message begins with the path.
absl::StatusOr<std::vector<TextFile>> ListTextFiles(const std::string& path);

}  // namespace pretext
