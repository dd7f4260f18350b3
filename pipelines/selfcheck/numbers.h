// Numbers to check with.
#pragma once

#include <cstdint>
#include <vector>

#include "base/random/random.h"

namespace pretext {

// Between -1 and 1.
inline std::vector<float> Uniform(int64_t count, uint64_t seed) {
  std::vector<float> values(static_cast<size_t>(count));
  Random random({.seed = seed});
  for (float& x : values) x = random.Uniform(-1, 1);
  return values;
}

}  // namespace pretext
