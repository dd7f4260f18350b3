#include "kernels/linear/bfloat16_activation.h"

#include <algorithm>

#include "base/parallel/parallel.h"
#include "kernels/activation/activation_functions.h"
#include "kernels/bfloat16/lanes.h"
#include "kernels/reduce/column_sum.h"
#include "kernels/scratch/scratch.h"

namespace pretext {
namespace {

using activation_internal::Dispatch;
using namespace lanes;  // NOLINT: its own header

// Calls visit<V>(index, its column's sum) for vectors that cover all elements, and adds up the sums
// of blocks of rows in their order.
template <class Visit>
void ForEachRow(int64_t rows, int64_t columns, Target sums, const Visit& visit) {
  constexpr int64_t kRows = 32;
  const int64_t blocks = (rows + kRows - 1) / kRows;
  const Scratch partials(blocks * columns);
  ParallelFor(blocks, kRows * columns * 4, [&](int64_t block) {
    float* const partial = partials + block * columns;
    std::fill_n(partial, columns, 0.0f);
    for (int64_t r = block * kRows; r < std::min(rows, (block + 1) * kRows); ++r) {
      ForEachVector(columns, [&]<class V>(int64_t c) {
        visit.template operator()<V>(r * columns + c, partial + c);
      });
    }
  });
  if (sums) ColumnSum(blocks, columns, partials.data(), sums.accumulate, sums.data);
}

}  // namespace

void ActivationForward(Activation activation, int64_t n, const Bfloat16* x, Bfloat16* y) {
  Dispatch(activation, [&]<class F>(F) {
    ParallelBlocks(n, 4096, 2, [=](int64_t begin, int64_t end) {
      ForEachVector(end - begin, [&]<class V>(int64_t lane) {
        Store(y + begin + lane, ByLanes<F::Value>(Load<V>(x + begin + lane)));
      });
    });
  });
}

void ActivationBackward(Activation activation, int64_t rows, int64_t columns, const Bfloat16* saved,
                        Bfloat16* d, Target sums) {
  Dispatch(activation, [&]<class F>(F) {
    ForEachRow(rows, columns, sums, [&]<class V>(int64_t at, float* sum) {
      const V back = Load<V>(d + at) * ByLanes<F::Slope>(Load<V>(saved + at));
      Store(d + at, back);
      Store(sum, static_cast<V>(Load<V>(sum) + back));
    });
  });
}

void ActivationAgain(Activation activation, int64_t rows, int64_t columns, const Bfloat16* x,
                     Bfloat16* y, Bfloat16* d, Target sums) {
  Dispatch(activation, [&]<class F>(F) {
    ForEachRow(rows, columns, sums, [&]<class V>(int64_t at, float* sum) {
      const V in = Load<V>(x + at), out = ByLanes<F::Value>(in);
      const V back = Load<V>(d + at) * ByLanes<F::Slope>(F::kFromOutput ? out : in);
      Store(y + at, out);
      Store(d + at, back);
      Store(sum, static_cast<V>(Load<V>(sum) + back));
    });
  });
}

}  // namespace pretext
