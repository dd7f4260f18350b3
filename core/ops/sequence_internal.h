// What the sources of sequence.h share.
#pragma once

#include <cstdint>

#include "core/ops/basic_internal.h"
#include "core/ops/sequence.h"
#include "kernels/dropout/dropout.h"

namespace pretext::ops_sequence_internal {

// Aborts, naming the operation, unless x is a matrix: of [N, L, D] dimension 1 is no feature.
inline void CheckMatrix(const char* operation, Var x) {
  ops_internal::CheckShapes(x.value().rank() == 2, operation, "a matrix [R, D]", x);
}

inline const float* Data(const Parameter* parameter) {
  return parameter == nullptr ? nullptr : parameter->value.data();
}
inline const int32_t* Ints(const Tensor& tensor) {
  return tensor.defined() ? tensor.ints() : nullptr;
}

inline Var Use(Tape& tape, Parameter* parameter) {
  return parameter == nullptr ? Var() : tape.Use(*parameter);
}

inline DropoutMask Mask(const DropoutLayer& layer, const ForwardContext& context) {
  return MakeDropout(context.DropoutKey(layer.layer), context.drops() ? layer.probability : 0.0f);
}

// Both of a normalisation's parameters on a tape, and what its backward pass needs.
struct NormState {
  NormState(Tape& tape, const LayerNormLayer& layer, int64_t rows)
      : scale(Use(tape, layer.scale)), shift(Use(tape, layer.shift)) {
    if (layer.scale == nullptr || !tape.recording()) return;
    mean = Tensor::Uninitialized({rows});
    inverse_deviation = Tensor::Uninitialized({rows});
  }
  float* mean_data() { return mean.defined() ? mean.data() : nullptr; }
  float* inverse_data() { return mean.defined() ? inverse_deviation.data() : nullptr; }

  Var scale, shift;
  Tensor mean, inverse_deviation;
};

}  // namespace pretext::ops_sequence_internal
