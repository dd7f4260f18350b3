#include "kernels/bfloat16/bfloat16.h"

#include "base/parallel/parallel.h"

namespace pretext {

void ToBfloat16(int64_t n, const float* from, Bfloat16* to) {
  ParallelElements(n, [=](int64_t i) { to[i] = ToBfloat16(from[i]); });
}

void ToFloat(int64_t n, const Bfloat16* from, float* to) {
  ParallelElements(n, [=](int64_t i) { to[i] = ToFloat(from[i]); });
}

void AddToBfloat16(int64_t n, float scale, const Bfloat16* from, Bfloat16* to) {
  ParallelElements(
      n, [=](int64_t i) { to[i] = ToBfloat16(ToFloat(to[i]) + scale * ToFloat(from[i])); });
}

}  // namespace pretext
