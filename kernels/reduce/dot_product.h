// Dot products of long vectors: norms of weights and gradients.
#pragma once

#include <cstdint>

namespace pretext {

// Σ a_i b_i in double, over fixed blocks added in order: the same bits whatever the number of
// threads. NaN and infinities propagate.
double DotProduct(int64_t n, const float* a, const float* b);

}  // namespace pretext
