// From a config's activation to the kernels'.
#pragma once

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

}  // namespace pretext
