// The inner loop that resizing and blurring share.
#pragma once

#include <cstdint>

namespace pretext {

// out[i] = Σ_{k < taps} weights[k] · in[k · stride + i] for 0 <= i < n.
// `out` may not overlap what is read.
void WeightedSum(const float* in, int64_t stride, const float* weights, int taps, int64_t n,
                 float* out);

// One register of floats, a type the compiler knows. (GCC 12 splits a wider one badly.)
// The second is for memory at any address; name it where it is used:
// `auto` and templates forget its alignment.
#ifdef __AVX512F__
inline constexpr int kLanes = 16;
#else
inline constexpr int kLanes = 8;
#endif
typedef float Lanes __attribute__((vector_size(4 * kLanes)));
typedef float UnalignedLanes __attribute__((vector_size(4 * kLanes), aligned(4), may_alias));

}  // namespace pretext
