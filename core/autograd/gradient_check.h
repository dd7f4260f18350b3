// Checks an operation against a double-precision reference: its values, and its gradients against
// central differences of the reference. The checker checks itself: with the gradient of any input
// zeroed, negated, scaled by 1.01 or with one element off, the comparison has to fail, and a
// vanishing gradient is refused.
//
//   EXPECT_TRUE(CheckGradients(
//       [](Tape& tape, const std::vector<Var>& in) { return Scale(tape, in[0], 3.0f); },
//       {RandomTensor({4, 7}, 1)},
//       [](const std::vector<Doubles>& in) { return Times(in[0], 3.0); }));
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/autograd/autograd.h"
#include "core/tensor/tensor.h"

namespace pretext {

using Doubles = std::vector<double>;

struct GradientCheckOptions {
  // Allowed |difference| / root mean square of the reference, for values and for gradients. float32
  // rounds at 6e-8; sums of a few thousand terms and one exp or division stay below 1e-5, so 5e-5
  // leaves a margin of five and still catches a fault of 1 %.
  double tolerance = 5e-5;
  // Step of the central differences, in double: truncation ~step², rounding ~1e-16/step;
  // both below 1e-9 here.
  double step = 1e-5;
  // The factor of a gradient that has to be found wrong.
  double planted_factor = 1.01;
  // Of what the operation puts on the tape.
  Precision precision = Precision::kFloat32;
  // Parameters that the operation uses: the reference is given their values after the inputs', and
  // their gradients are checked too.
  std::vector<Parameter*> parameters;
};

// For operations with products in bfloat16, of inputs and parameters that are rounded to it here:
// what comes in is then exact, and what is left is the rounding of what lies between, gradients and
// hidden values, each by 2^-9 of itself on the average (2^-8 at most). Sums of many add up at
// random, as their terms do: 2^-6 of the root mean square holds eight times that average, for a few
// roundings on the way and the largest of some hundred values. A fault of a tenth is found.
GradientCheckOptions InBfloat16(const std::vector<Parameter*>& parameters,
                                std::vector<Tensor>& inputs);

// inputs: float32 tensors; each becomes a leaf. The operation may return any shape: the objective
// differentiated is the sum of its elements times fixed random weights.
testing::AssertionResult CheckGradients(
    const std::function<Var(Tape&, const std::vector<Var>&)>& operation,
    const std::vector<Tensor>& inputs,
    const std::function<Doubles(const std::vector<Doubles>&)>& reference,
    const GradientCheckOptions& options = {});

// Whether every |actual - expected| <= tolerance × rms(expected)
// (rms of an all-zero expectation counts as 1); NaN and a different number of elements
// never pass. Says where the worst difference is.
testing::AssertionResult AllClose(const Doubles& actual, const Doubles& expected, double tolerance);

// A parameter outside any model, with normal values keyed by the number.
Parameter RandomParameter(const Shape& shape, uint64_t number, float deviation = 1.0f);
// Normal values, keyed by the number.
Tensor RandomTensor(const Shape& shape, uint64_t number, float deviation = 1.0f);
Doubles ToDoubles(const Tensor& tensor);
// [N] of int32.
Tensor Int32s(const std::vector<int32_t>& values);

}  // namespace pretext
