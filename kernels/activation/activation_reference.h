// The activation functions by their definition in double precision, for tests.
#pragma once

#include <cmath>
#include <numbers>

#include "kernels/activation/activation.h"

namespace pretext {

// f(x).
inline double ExactActivation(Activation activation, double x) {
  switch (activation) {
#define PRETEXT_ACTIVATION_CASE(name, from, ulps, ...) \
  case Activation::k##name:                            \
    return __VA_ARGS__;
    PRETEXT_ACTIVATIONS(PRETEXT_ACTIVATION_CASE)
#undef PRETEXT_ACTIVATION_CASE
  }
  return 0;
}

// f'(x) by central differences: h² f'''/6 is about 1e-10, rounding 1e-16 / h = 1e-11.
inline double ExactSlope(Activation activation, double x) {
  constexpr double kStep = 1e-5;
  return (ExactActivation(activation, x + kStep) - ExactActivation(activation, x - kStep)) /
         (2 * kStep);
}

// Whether f bends within a few steps of x, so that it has no slope there that differences give:
// where it is smooth its second difference is of the size of the step.
inline bool AtKink(Activation activation, double x) {
  constexpr double kStep = 2e-5;
  const double second = ExactActivation(activation, x + kStep) -
                        2 * ExactActivation(activation, x) + ExactActivation(activation, x - kStep);
  return std::abs(second) > 1e-2 * kStep;
}

// How far y may be from f(x): 16 units of 2^-24 of itself, which the functions of vector_math and a
// few products need, those of the argument times the condition f'(x) x, and 1e-15 for the
// cancellation that the definition itself may have in double.
inline double ActivationTolerance(Activation activation, double x) {
  double ulps_of_argument = 0;
  switch (activation) {
#define PRETEXT_ACTIVATION_CASE(name, from, ulps, ...) \
  case Activation::k##name:                            \
    ulps_of_argument = ulps;                           \
    break;
    PRETEXT_ACTIVATIONS(PRETEXT_ACTIVATION_CASE)
#undef PRETEXT_ACTIVATION_CASE
  }
  return 0x1p-24 * (16 * std::abs(ExactActivation(activation, x)) +
                    ulps_of_argument * std::abs(x * ExactSlope(activation, x))) +
         1e-15;
}

}  // namespace pretext
