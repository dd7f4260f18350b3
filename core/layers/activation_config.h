// From a config's activation to the kernels'.
#pragma once

#include <limits>

#include "core/flow/flow_type.h"
#include "core/layers/activation.pb.h"
#include "kernels/activation/activation.h"

namespace pretext {

inline Activation ToActivation(ActivationFunction function) {
  switch (function) {
    case IDENTITY:
      return Activation::kIdentity;
    case RELU:
      return Activation::kRelu;
    case GELU:
      return Activation::kGelu;
    case GELU_TANH:
      return Activation::kGeluTanh;
    case SIGMOID:
      return Activation::kSigmoid;
    case TANH:
      return Activation::kTanh;
  }
  return Activation::kIdentity;  // proto2 refuses unknown values while parsing
}

// What its values can be.
inline ValueRange RangeOf(ActivationFunction function) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  switch (function) {
    case IDENTITY:
      return {};
    case RELU:
      return {0, kInfinity};
    case GELU:
    case GELU_TANH:
      return {-0.171, kInfinity};  // the minima are -0.16997 and -0.17004
    case SIGMOID:
      return kUnitRange;
    case TANH:
      return {-1, 1};
  }
  return {};  // proto2 refuses unknown values while parsing
}

}  // namespace pretext
