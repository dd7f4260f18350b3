// Losses and gradients that PyTorch computed (NAME/NAME_golden.py, golden.py), and a loss
// plugin held against them.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/plugin/loss.h"

namespace pretext {

// The numbers of golden.py's `values`.
Tensor GoldenValues(uint32_t stream, const Shape& shape);

struct GoldenLoss {
  int64_t samples, views, features;
  std::vector<double> parameters;  // of the loss, in the order of its script
  std::vector<int32_t> labels;     // [samples], or empty
  double loss;
  std::vector<double> gradient;  // [views · samples, features]

  // The script's input: rows × features.
  Tensor Input() const;
  // The batch that the input is of.
  Batch MakeBatch() const;
};

// Every case of the file; at least one.
std::vector<GoldenLoss> ReadGoldenLosses(const std::string& path);

// Whether the plugin gives the loss and the gradient, within tolerance × (1 + |loss|) and tolerance
// × rms of the gradient, and the gradient's double when the loss is doubled.
testing::AssertionResult AgreesWithGolden(Loss& loss, const GoldenLoss& golden, double tolerance);

}  // namespace pretext
