// What a sublayer adds to the residual stream, scaled and now and then left out.
//
//   y = residual + s_n γ ⊙ x      s_n = 0 with probability p, else 1 / (1 - p); one draw a sample n
//
// γ: layer scale (Touvron et al. 2021, "Going deeper with image transformers", section 2). s:
// stochastic depth (Huang et al. 2016), by sample as timm's drop_path has it; 1 where nothing is
// dropped (ForwardContext::drops).
#pragma once

#include <cstdint>

#include "core/ops/sequence.h"

namespace pretext {

struct ResidualBranch {
  Parameter* scale = nullptr;  // γ [D]; null: 1
  DropoutLayer drop_path;

  // Whether y differs from residual + x.
  bool active(const ForwardContext& context) const {
    return scale != nullptr || (drop_path.probability > 0 && context.drops());
  }

  // x and residual [R, D], the rows of samples of `tokens`, or those at `positions`.
  Var operator()(Tape& tape, Var x, Var residual, int64_t tokens, const Tensor& positions,
                 const ForwardContext& context) const;
};

}  // namespace pretext
