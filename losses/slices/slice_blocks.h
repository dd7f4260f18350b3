// Projections worked on some slices at a time.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/parallel/parallel.h"

namespace pretext {

inline constexpr int64_t kSliceLanes = 16;  // slices that are worked on side by side

// The sum of body(at, lanes), a double, over blocks of kSliceLanes slices of one view each, of
// projections [V·N, M]: a block's numbers are in N rows from number `at` on, `lanes` in each, fewer
// where the view ends. A number costs `cost`.
template <class Body>
double SumOverSliceBlocks(int64_t views, int64_t samples, int64_t slices, int64_t cost,
                          const Body& body) {
  const int64_t blocks = (slices + kSliceLanes - 1) / kSliceLanes;
  return ParallelSum(views * blocks, 1, cost * samples * kSliceLanes, [&](int64_t item, int64_t) {
    const int64_t first = item % blocks * kSliceLanes;
    return body(item / blocks * samples * slices + first, std::min(kSliceLanes, slices - first));
  });
}

}  // namespace pretext
