// The folders of a data set: one a class, or one a part of it.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace pretext {

// An error unless the folder can be listed.
absl::Status CheckFolder(const std::string& directory);

// The names of the folders inside `directory`, and of links to folders, sorted by their bytes;
// hidden ones are left out. Errors: it is absent, no folder, or cannot be listed; or there are
// folders and, beside them, pictures, which have no class.
absl::StatusOr<std::vector<std::string>> ListClasses(const std::string& directory);

// What the classes of such folders are called: as the folders, but what is no UTF-8 in a name is
// U+FFFD, so that every file that names a class is text.
std::vector<std::string> ClassNames(std::vector<std::string> folders);

// The parts of a data set that has a folder for each, and nothing else: train (or training), test
// (testing), val (valid, validation), in any case of letters.
struct Parts {
  std::string train, test;  // Names of folders; empty unless both are there.
  std::string unused;       // The third.
};
// Where both test and val are there, `test` is test, unless it alone has no class folders.
Parts FindParts(const std::string& directory, const std::vector<std::string>& classes);

}  // namespace pretext
