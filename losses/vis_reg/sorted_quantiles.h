// How far samples of one dimension are from a standard normal distribution, by transport: the
// squared 2-Wasserstein distance, which sorting gives.
#pragma once

#include <cstdint>

#include "core/autograd/autograd.h"

namespace pretext {

// Φ⁻¹(q), 0 < q < 1: where the standard normal distribution reaches q; within 1e-12.
double NormalQuantile(double q);

// The mean over views, slices and samples, a scalar, of
//
//   (p_(i) - Φ⁻¹(i / (N + 1)))²      p_(i) the i-th smallest of a view's N samples along a slice
//
// for p [V·N, M]. Equal samples take their ranks in the order of their rows. A NaN makes it NaN.
// The same bits whatever the number of threads.
Var SortedQuantiles(Tape& tape, Var p, int64_t samples);

}  // namespace pretext
