#include "kernels/gemm/openblas_kernels.h"

#include <cblas.h>
#include <stdlib.h>

extern "C" {
char* openblas_get_corename(void);
// Weak: a version without them keeps what it chose when it was loaded.
__attribute__((weak)) void gotoblas_dynamic_init(void);
__attribute__((weak)) void gotoblas_dynamic_quit(void);
}

namespace pretext {
namespace {

// What the kernels use: AVX-512 F, VL, BW, DQ and CD.
bool HasAvx512() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512cd");
#else
  return false;
#endif
}

}  // namespace

std::string OpenBlasKernels() { return openblas_get_corename(); }

bool IsAvx512Kernel(const std::string& name) {
  return name == "SkylakeX" || name == "Cooperlake" || name == "SapphireRapids";
}

bool ReselectOpenBlasKernels(const std::string& core_type) {
  if (gotoblas_dynamic_init == nullptr || gotoblas_dynamic_quit == nullptr) return false;
  setenv("OPENBLAS_CORETYPE", core_type.c_str(), /*overwrite=*/1);
  gotoblas_dynamic_quit();
  gotoblas_dynamic_init();
  return OpenBlasKernels() == core_type;
}

void EnsureOpenBlasKernels() {
  [[maybe_unused]] static const bool done = [] {
    if (!HasAvx512() || getenv("OPENBLAS_CORETYPE") != nullptr || IsAvx512Kernel(OpenBlasKernels()))
      return true;
    return ReselectOpenBlasKernels("SkylakeX");
  }();
}

}  // namespace pretext
