#include "kernels/gemm/openblas_buffers.h"

#include <vector>

// Of the library's inside, in every version so far.
extern "C" {
[[gnu::weak]] void* blas_memory_alloc(int position);
[[gnu::weak]] void blas_memory_free(void* buffer);
}

namespace pretext {

void ReserveOpenBlasBuffers(int count) {
  if (&blas_memory_alloc == nullptr || &blas_memory_free == nullptr) return;
  std::vector<void*> buffers;
  for (int i = 0; i < count; ++i) buffers.push_back(blas_memory_alloc(0));
  for (void* buffer : buffers) blas_memory_free(buffer);
}

}  // namespace pretext
