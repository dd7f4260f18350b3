// Whether products in bfloat16 are to be had.
#pragma once

namespace pretext {

// Whether the processor multiplies bfloat16 (AVX-512 BF16 or AMX) and oneDNN makes use of it,
// unless ONEDNN_MAX_CPU_ISA tells it not to.
bool HasBfloat16();

}  // namespace pretext
