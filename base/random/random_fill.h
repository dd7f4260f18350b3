// Many random numbers at once, in vectors: noise over a whole image.
//
// Each call draws two words from `random`, the key of a Philox stream of its own, and fills from
// that. So the stream behind it moves on by the same two words whatever n is, and a shorter fill
// has the first numbers of a longer one.
#pragma once

#include <cstdint>

#include "base/random/random.h"

namespace pretext {

// out[0 .. n) = uniform in [0, 1), 24 random bits each.
void FillUniform(Random& random, float* out, int64_t n);

// out[0 .. n) = standard normal (Box-Muller), within 5.9.
void FillNormal(Random& random, float* out, int64_t n);

}  // namespace pretext
