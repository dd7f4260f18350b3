// Deterministic changes of a file's bytes.
#pragma once

#include <string>
#include <vector>

#include "base/random/random.h"

namespace pretext::testing {

// `bytes` after one to eight changes: bits and bytes, integers at the edges of what types hold in
// either byte order, stretches left out, repeated or taken from `others`, an end cut off. The same
// for the same stream.
std::string MutateBytes(std::string bytes, const std::vector<std::string>& others, Random& random);

}  // namespace pretext::testing
