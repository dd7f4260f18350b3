// Losses between a reconstruction and what it should be, element by element, with the gradient in
// the same pass.
//
// Sums are taken in double over fixed blocks and added in order: the same bits whatever the number
// of threads. NaN propagates.
#pragma once

#include <cstdint>

namespace pretext {

// Returns Σ_i (r_i - x_i)² and, unless null, writes
//
//   gradient_i = scale · 2 (r_i - x_i)
double SquaredError(int64_t n, const float* reconstruction, const float* target, float scale,
                    float* gradient);

// Of logits l and targets x in [0, 1]: returns
//
//   -Σ_i [x_i log σ(l_i) + (1 - x_i) log(1 - σ(l_i))]
//
// each term computed as max(l, 0) - l x + log(1 + e^-|l|), and, unless null, writes
//
//   gradient_i = scale · (σ(l_i) - x_i)
double LogitCrossEntropy(int64_t n, const float* logits, const float* target, float scale,
                         float* gradient);

}  // namespace pretext
