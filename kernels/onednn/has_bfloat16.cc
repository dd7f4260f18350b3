#include "kernels/onednn/has_bfloat16.h"

#include <dnnl.hpp>

namespace pretext {

bool HasBfloat16() {
  // A set of instructions holds the bits of those that it includes.
  const auto isa = static_cast<unsigned>(dnnl::get_effective_cpu_isa());
  const auto needed = static_cast<unsigned>(dnnl::cpu_isa::avx512_core_bf16);
  return (isa & needed) == needed;
}

}  // namespace pretext
