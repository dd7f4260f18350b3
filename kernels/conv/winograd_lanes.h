// The processor's vectors, as the build may use them. Internal to Winograd's convolutions.
#pragma once

#include "kernels/bfloat16/lanes.h"

namespace pretext::conv_internal {

#if defined(__AVX512F__)
using WinogradLanes = lanes::Lanes16;
#elif defined(__AVX__)
using WinogradLanes = lanes::Lanes8;
#else
using WinogradLanes = lanes::Lanes4;
#endif

}  // namespace pretext::conv_internal
