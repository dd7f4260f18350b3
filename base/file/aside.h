// Names for files and folders that are still to get theirs.
#pragma once

#include <string>

namespace pretext {

// A hidden name in the folder of `path`, unlike any that this process gave before. Another's may
// stand there: make the file with O_EXCL.
std::string AsideName(const std::string& path);

}  // namespace pretext
