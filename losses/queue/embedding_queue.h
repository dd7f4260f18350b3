// A memory of the last K vectors of D features that a loss has seen: first in, first out.
//
// Two buffers, saved and resumed with the run: "NAME" [K, D], a row a vector, and "NAME_place" [2],
// the row that is written next and how many have been written, at most K. (Whole numbers below
// 2^24, which floats hold exactly.)
//
// Rows are put by while a loss is computed and enter when the step is over, so that what is
// computed within a step sees one memory: that before the step.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/autograd/parameter.h"
#include "core/tensor/tensor.h"

namespace pretext {

class EmbeddingQueue {
 public:
  EmbeddingQueue() = default;
  // Rows of random directions and length 1 at first (He et al. 2020, "Momentum contrast for
  // unsupervised visual representation learning": their code), drawn from the run's seed.
  EmbeddingQueue(ParameterSet& set, const std::string& name, int64_t rows, int64_t features);

  const Tensor& rows() const { return rows_->value; }  // [K, D]
  // Whether every row has been written.
  bool full() const;

  // Keeps [R, D], which must not be written afterwards, until Enter or Forget.
  void PutBy(const Tensor& rows) { waiting_.push_back(rows); }
  void Forget() { waiting_.clear(); }
  // In the order in which they were put by, over the oldest ones; round the end where R does not
  // divide K. A frozen queue stays as it is.
  void Enter();

  // For each row of [R, D] the row of the memory with the largest product with it, [R, D]; of NaN
  // where the row has a NaN.
  Tensor Nearest(const Tensor& rows) const;

 private:
  Buffer* rows_ = nullptr;
  Buffer* place_ = nullptr;
  std::vector<Tensor> waiting_;
};

}  // namespace pretext
