// Cross-entropy of a softmax over a vocabulary, fused with the linear decoder before it, so that
// the scores [M, K] are never held as a whole:
//
//   score[m, k] = x[m] · weight[k] + bias[k]
//   loss[m] = log Σ_k exp(score[m, k]) - score[m, target[m]]
//
// Scores are made a block of rows at a time. Gradients are taken in the same pass, while a block's
// scores are there: dx, dweight and dbias of gradient_scale · Σ_m loss[m] (Hsu et al. 2024, "Liger
// Kernel", section 3.2). So there are three matrix products in all, where a backward pass of its
// own would need a fourth to make the scores again.
//
// Work is divided by fixed tiles of the vocabulary and sums are taken in their order: the same bits
// whatever the number of threads. NaN and infinities in a row make its loss NaN or infinite.
#pragma once

#include <cstdint>

#include "kernels/target/target.h"

namespace pretext {

// Fill in the fields, then Run().
struct SoftmaxCrossEntropy {
  int64_t rows = 0, features = 0, vocabulary = 0;  // M, D, K
  const float* x = nullptr;                        // [M, D]
  const float* weight = nullptr;                   // [K, D]
  const float* bias = nullptr;                     // [K], or null
  const int32_t* targets = nullptr;                // [M], each in [0, K) (checked)

  float gradient_scale = 1;  // 1 / M for the mean
  Target dx, dweight, dbias;

  struct Result {
    double loss = 0;      // Σ_m loss[m]
    int64_t correct = 0;  // rows whose target alone has the highest score
  };
  Result Run() const;
  // Aborts unless all are below K.
  void CheckTargets() const;
};

}  // namespace pretext
