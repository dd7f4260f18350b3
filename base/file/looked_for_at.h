// Where a relative path was looked for, for the message of a file that is not there.
#pragma once

#include <string>

namespace pretext {

// " (looked for at /folder/PATH: a relative path starts where the command was run)"; nothing for an
// absolute path.
std::string LookedForAt(const std::string& path);

}  // namespace pretext
