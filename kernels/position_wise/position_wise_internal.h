// What a position-wise map does alike in float32 and bfloat16. Internal to the package.
#pragma once

#include <cstdint>

#include "kernels/position_wise/position_wise.h"

namespace pretext::position_wise_internal {

// The features that W takes.
inline int64_t InnerWidth(const PositionWise& s) { return s.hidden > 0 ? s.hidden : s.in; }

// Sets what the normalisation of rows [begin, begin + rows) takes, in either direction.
template <class Pass>
void SetNormalisation(const PositionWise& s, int64_t begin, int64_t rows, Pass& pass) {
  pass.rows = rows;
  pass.columns = s.out;
  pass.dropout = s.dropout;
  pass.first_row = s.mask_rows == nullptr ? s.first_row + begin : s.first_row;
  pass.mask_rows = s.mask_rows == nullptr ? nullptr : s.mask_rows + begin;
  pass.gamma = s.gamma;
}

// Whether the gradient of g(x) is that of y: there is neither normalisation nor dropout.
inline bool GradientPasses(const PositionWise& s) {
  return s.gamma == nullptr && (s.dropout == nullptr || !s.dropout->active());
}

}  // namespace pretext::position_wise_internal
