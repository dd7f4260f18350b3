// The objective of multinomial logistic regression on standardised features, and its gradient.
#pragma once

#include <cstdint>
#include <vector>

#include "evaluation/features/features.h"

namespace pretext {

// For weights W [D, C] and bias b [C], stored one after the other as `parameters` [(D + 1)·C],
//
//   s_n  = (x_n - mean) / (deviation + ε)    ε = 1e-6 · min(1, largest deviation / 1e-3)
//   loss = -1/N Σ_n log softmax(s_n W + b)[label_n] + decay · Σ W²
//
// where mean and deviation are those of the training features' columns, of which one that does not
// vary is 0. ε does not depend on the unit of small features. The features are standardised a block
// at a time, in the cache: no second copy of them is made. Products are in single precision within
// blocks of 256 samples; everything beyond is summed in double, in an order that does not depend on
// the number of threads.
class SoftmaxRegression {
 public:
  // Keeps a reference to `train`. Labels are below `classes`.
  SoftmaxRegression(const Features& train, int64_t classes, double decay);

  int64_t parameters() const { return (width_ + 1) * classes_; }

  // The loss; fills gradient [(D + 1)·C].
  double Evaluate(const double* parameters, double* gradient) const;

  // The most probable class of each row of features of the same width; the lowest where equal.
  std::vector<int32_t> Predict(const double* parameters, const Features& features) const;

 private:
  struct Block;  // a thread's scratch
  void Logits(const Features& features, int64_t first, int64_t rows, const float* weights,
              Block& block) const;
  std::vector<float> PadWeights(const double* parameters) const;

  const Features& train_;
  int64_t width_, classes_;
  int64_t padded_width_;    // to whole vectors; the padding is zeros
  int64_t padded_classes_;  // to whole vectors; the padding's logits are minus infinity
  int64_t block_rows_;
  double decay_;
  std::vector<float> mean_, inverse_deviation_;  // [D]
};

}  // namespace pretext
