#include "kernels/bfloat16/bfloat16.h"

#include "base/parallel/parallel.h"
#include "kernels/bfloat16/lanes.h"

namespace pretext {
namespace {

using namespace lanes;  // NOLINT: its own header

// visit.operator()<V>(i) for vectors that cover n elements, by the threads.
template <class Visit>
void ForEachElement(int64_t n, const Visit& visit) {
  ParallelBlocks(n, 4096, 1, [=](int64_t begin, int64_t end) {
    ForEachVector(end - begin,
                  [&]<class V>(int64_t lane) { visit.template operator()<V>(begin + lane); });
  });
}

}  // namespace

void ToBfloat16(int64_t n, const float* from, Bfloat16* to) {
  ForEachElement(n, [=]<class V>(int64_t i) { Store(to + i, Load<V>(from + i)); });
}

void ToFloat(int64_t n, const Bfloat16* from, float* to) {
  ForEachElement(n, [=]<class V>(int64_t i) { Store(to + i, Load<V>(from + i)); });
}

void AddToBfloat16(int64_t n, float scale, const Bfloat16* from, Bfloat16* to) {
  ForEachElement(n, [=]<class V>(int64_t i) {
    Store(to + i, static_cast<V>(Load<V>(to + i) + scale * Load<V>(from + i)));
  });
}

}  // namespace pretext
