// Whether a folder can be at a path, as far as that can be told before it is made.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace pretext {

// An error that names the path and the reason: a name of more than 255 bytes, or a path of more
// than 4,000; something else than a folder in its place or on its way; a link to itself, a folder
// on its way that may not be entered. That it may be written to is not asked.
absl::Status CheckFolderPath(const std::string& path);

// The path from the root, behind symbolic links as far as there is something; the path itself where
// it cannot be followed.
std::string RealPath(const std::string& path);

}  // namespace pretext
