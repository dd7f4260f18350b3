// Parameter updates, element by element, in one pass over weight, gradient and state.
//
// g = gradient_scale · gradient. Serial: the caller divides the elements among threads.
// NaN propagates; denormal numbers count as 0, in what is read and in what is written.
#pragma once

#include <cstdint>

namespace pretext {

// Stochastic gradient descent with momentum (Sutskever et al. 2013), PyTorch's convention: the
// learning rate stands outside the buffer.
//
//   d = g + decay · w
//   v = momentum · v + d                        at the first step v = d
//   w -= rate · v                               nesterov: rate · (d + momentum · v)
struct SgdUpdate {
  float rate = 0, momentum = 0, decay = 0, gradient_scale = 1;
  bool nesterov = false;
  bool first = false;  // the first step: v = d
  // velocity may be null when momentum is 0.
  void operator()(int64_t n, const float* gradient, float* velocity, float* weight) const;
};

// Adam (Kingma and Ba 2015) and AdamW (Loshchilov and Hutter 2019).
//
//   coupled:   g += decay · w                   L2 in the gradient: Adam
//   decoupled: w -= rate · decay · w            AdamW, before the step
//   m = β1 m + (1 - β1) g
//   v = β2 v + (1 - β2) g²
//   w -= rate · (m / correction1) / (√(v / correction2) + ε)
//
// Corrections are 1 - β^t, or 1 for BERT's variant without bias correction.
struct AdamUpdate {
  double beta1 = 0.9, beta2 = 0.999;  // in double: 1 - 0.999f would be off by 1e-5 of itself
  float rate = 0, epsilon = 1e-8f, decay = 0, gradient_scale = 1;
  float correction1 = 1, correction2 = 1;
  bool decoupled = true;
  void operator()(int64_t n, const float* gradient, float* first_moment, float* second_moment,
                  float* weight) const;
};

}  // namespace pretext
