// What the tests against a PyTorch reference (a reference.py beside a golden.safetensors) share.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "core/tensor/tensor.h"

namespace pretext {

// The tensors of a .safetensors file by name; a file that cannot be read is a failure of the test.
std::map<std::string, Tensor> ReadGolden(const std::string& path);

// The i-th of the values in [-1/2, 1/2) that the reference makes too for its `number`-th parameter:
// integer arithmetic, exact in both languages (golden.py).
double ReferenceValue(int64_t number, int64_t i);

// The largest difference between the first n values; infinite where one is NaN.
double WorstDifference(const float* ours, const float* golden, int64_t n);

// x times a factor: what a comparison has to tell from x.
Tensor Scaled(const Tensor& x, float factor);

// The root mean square of x.
double RootMeanSquare(const Tensor& x);

// The part of a plugin's Create; its faults are a failure of the test.
template <class T>
T Made(absl::StatusOr<T> made) {
  EXPECT_TRUE(made.ok()) << made.status();
  return *std::move(made);
}

}  // namespace pretext
