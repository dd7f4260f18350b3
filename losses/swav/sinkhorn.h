// Codes by optimal transport: the Sinkhorn-Knopp algorithm (Cuturi 2013; Caron et al. 2020, section
// 3.1), on logarithms, so that no ε makes it overflow.
#pragma once

#include <cstdint>

#include "core/tensor/tensor.h"

namespace pretext {

// Q [B, K] of scores [B, K], plain:
//
//   Q_bk = exp(s_bk / ε - u_k - w_b)      w = 0 at first, then in each of the rounds
//   u_k  = log Σ_b exp(s_bk / ε - w_b)    every prototype is used as much as every other,
//   w_b  = log Σ_k exp(s_bk / ε - u_k)    and each sample's codes sum to 1
//
// That is the authors' code, whose factors 1/K and 1/B cancel. ε > 0, rounds >= 1. A NaN anywhere
// makes all of Q NaN.
Tensor SinkhornCodes(const Tensor& scores, float epsilon, int64_t rounds);

}  // namespace pretext
