// Activation functions between layers in bfloat16, as kernels/activation has them in float32:
// widened, computed in float32, rounded once.
#pragma once

#include <cstdint>

#include "kernels/activation/activation.h"
#include "kernels/bfloat16/bfloat16.h"
#include "kernels/target/target.h"

namespace pretext {

// y[i] = f(x[i]), 0 <= i < n. y may be x.
void ActivationForward(Activation activation, int64_t n, const Bfloat16* x, Bfloat16* y);

// d[r, c] *= f'(·), with the sums of the columns of d, taken before d is rounded, if they are
// wanted. saved: the output y where DerivativeFromOutput, else the input x. The same bits whatever
// the number of threads.
void ActivationBackward(Activation activation, int64_t rows, int64_t columns, const Bfloat16* saved,
                        Bfloat16* d, Target sums);

// Both at once from x, for a layer whose output was not kept: y = f(x) too.
void ActivationAgain(Activation activation, int64_t rows, int64_t columns, const Bfloat16* x,
                     Bfloat16* y, Bfloat16* d, Target sums);

}  // namespace pretext
