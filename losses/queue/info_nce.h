// InfoNCE against negatives that all queries share (van den Oord et al. 2018, equation 4; He et al.
// 2020, equation 1).
#pragma once

#include <cstdint>

#include "core/autograd/autograd.h"
#include "core/tensor/tensor.h"

namespace pretext {

// The mean over the N queries, a scalar:
//
//   L = 1/N Σ_n [ log( exp(q_n · k_n / τ) + Σ_j exp(q_n · m_j / τ) ) - q_n · k_n / τ ]
//
// queries [N, D]; keys [N, D], plain, a query's own; negatives [K, D], plain. `found`: how many
// queries have a larger product with their own key than with each negative. The gradient goes to
// the queries alone.
//
// Products are made a block of rows at a time: beside the gradient 4 MB or a row of them, whatever
// N and K. Sums in double precision, in one order whatever the number of threads. A NaN in any of
// them makes the loss NaN.
Var InfoNce(Tape& tape, Var queries, const Tensor& keys, const Tensor& negatives, float temperature,
            int64_t* found);

}  // namespace pretext
