// How far samples of one dimension are from a standard normal distribution, by their
// characteristic function (Epps and Pulley 1983; Balestriero and LeCun 2025, section 4.2).
#pragma once

#include <cstdint>

#include "core/autograd/autograd.h"

namespace pretext {

struct EppsPulley {
  int64_t samples;  // N
  int64_t knots;    // at least 2
  float range;      // T, above 0

  // The mean over views and slices, a scalar, of
  //
  //   N ∫_{-T}^{T} |1/N Σ_n exp(i t p_n) - exp(-t²/2)|² exp(-t²/2) dt
  //
  // for p [V·N, M], a view's N samples along each of M slices: by the trapezoidal rule over
  // `knots` frequencies from 0 to T, for the integrand is even. A NaN or an infinity makes it NaN.
  // The same bits whatever the number of threads.
  //
  // How: cosine and sine of p T/(knots - 1), then of its multiples by rotation; sums in double.
  Var operator()(Tape& tape, Var p) const;
};

}  // namespace pretext
