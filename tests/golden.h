// What the tests against a PyTorch reference (a reference.py beside a golden.safetensors) share.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "core/autograd/parameter.h"
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

// A run of the reference that ran it twice, in float64 and in float32: the golden values of tensors
// (their first ones), "rms.NAME", the size that a difference is measured by, and "spread.WHAT", how
// far the two runs are apart; names begin with the run's own.
class GoldenRun {
 public:
  // The file's tensors outlive it.
  GoldenRun(const std::map<std::string, Tensor>& file, std::string run, int64_t kept)
      : file_(file), run_(std::move(run)), kept_(kept) {}

  const Tensor& operator[](const std::string& name) const;
  // PyTorch's own float32 is so far from its float64. Ours rounds elsewhere: four times that, and
  // not less than what the rounding of one step, 1e-7 of dozens of layers, may come to after 20.
  double Allowed(const std::string& what) const;
  // The worst difference of the values that were kept, of the tensor's size.
  double Difference(const std::string& name, const Tensor& ours) const;

 private:
  const std::map<std::string, Tensor>& file_;
  const std::string run_;
  const int64_t kept_;
};

// A run of a transformer's reference, all of whose values are kept and whose differences are as
// they are. The keys' biases do not count: a softmax does not see a constant, so that their
// gradients are rounding.
class GoldenTransformerRun {
 public:
  // The file's tensors outlive it.
  GoldenTransformerRun(const std::map<std::string, Tensor>& file, std::string run)
      : file_(file), run_(std::move(run)) {}

  const Tensor& operator[](const std::string& name) const;
  // PyTorch's own float32 was so far from its float64; ours sums in other orders: four times that,
  // and less than a ten thousandth in any case.
  double Allowed(const std::string& what) const;
  // The worst difference, infinite where the sizes differ.
  double Difference(const std::string& name, const Tensor& ours) const;
  // That they are "gradient.NAME", and that one that is wrong by a thousandth would be seen.
  void ExpectGradients(const std::map<std::string, Parameter*>& parameters) const;
  // That a step's loss is that of "losses", and that they are "final.NAME" in the end.
  void ExpectLoss(int64_t step, float loss) const;
  void ExpectFinal(const std::map<std::string, Parameter*>& parameters) const;

 private:
  const std::map<std::string, Tensor>& file_;
  const std::string run_;
};

// The values that its reference gives a transformer's parameters, numbered by name.
void FillTransformer(const std::map<std::string, Parameter*>& parameters);

// The part of a plugin's Create; its faults are a failure of the test.
template <class T>
T Made(absl::StatusOr<T> made) {
  EXPECT_TRUE(made.ok()) << made.status();
  return *std::move(made);
}

}  // namespace pretext
