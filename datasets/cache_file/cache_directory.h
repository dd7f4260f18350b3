// Where caches are kept that nobody gave a place.
#pragma once

#include <string>

namespace pretext {

// pretext in $XDG_CACHE_HOME, or else in ~/.cache, or else pretext-cache in the folder of temporary
// files.
std::string DefaultCacheDirectory();

}  // namespace pretext
