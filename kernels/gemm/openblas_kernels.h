// Which of its kernels OpenBLAS runs, and making it take the right ones.
//
// OpenBLAS chooses kernels by processor model when it is loaded. Version 0.3.21 does not know AMD
// family 26 and takes its AVX2 kernels there, half of what the processor can do; where it knows the
// processor (AMD family 25, measured) it takes the AVX-512 ones itself. The environment variable
// OPENBLAS_CORETYPE overrides the choice, but it is read before main and before the C library has
// an environment to change. So the choice is made anew, once, before the first product: the library
// exports the functions that make it.
#pragma once

#include <string>

namespace pretext {

// Makes OpenBLAS take its AVX-512 kernels where the processor has AVX-512 and the user
// did not choose with OPENBLAS_CORETYPE. Called by Gemm before the first product;
// later calls cost a load. Thread-safe.
void EnsureOpenBlasKernels();

// The name of the kernels in use, e.g. "SkylakeX", "Cooperlake", "Haswell".
std::string OpenBlasKernels();

// Whether a name stands for AVX-512 kernels.
bool IsAvx512Kernel(const std::string& name);

// Makes OpenBLAS choose again as OPENBLAS_CORETYPE says. No product may run meanwhile. False if the
// library lacks the functions (they are exported, but not documented).
bool ReselectOpenBlasKernels(const std::string& core_type);

}  // namespace pretext
