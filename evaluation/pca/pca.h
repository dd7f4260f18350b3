// Principal component analysis: the best linear code of a given width, and the bound of every
// linear autoencoder.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "base/work/work.h"
#include "evaluation/features/features.h"

namespace pretext {

class Pca {
 public:
  // The smaller of N and D, at most: the decomposition takes its cube of operations.
  static constexpr int64_t kMaxSide = 4096;
  // What is multiplied at once.
  static constexpr int64_t kBlockRows = 1024, kBlockColumns = 512;

  // Finds the first `components` principal directions of the rows of `train`: from their covariance
  // matrix (products in single precision within blocks of kBlockRows, sums and eigenvectors in
  // double), or, where they are fewer than D, from their products with each other, which is the
  // same and smaller (all in double). Directions along which the rows do not vary are zero there:
  // fewer rows than components are no error. Errors: no rows; a value that is not finite;
  // components not from 1 to D; min(N, D) beyond kMaxSide; Cancelled (base/work/work.h).
  static absl::StatusOr<Pca> Fit(const Features& train, int64_t components,
                                 const Work& work = Work());

  // The codes (x - mean) V, with the labels of `features`, which have the width fitted.
  Features Project(const Features& features) const;

  // The mean over samples and values of (x - mean - V Vᵀ (x - mean))².
  double ReconstructionError(const Features& features) const;

  int64_t width() const { return static_cast<int64_t>(mean_.size()); }  // D
  int64_t components() const { return components_; }                    // K
  // The share of the training rows' variance along each direction, falling. [K]
  const std::vector<double>& explained() const { return explained_; }
  // The training rows' variance along each of all directions (N - 1 in the denominator), falling.
  // [min(N, D)]
  const std::vector<double>& variances() const { return variances_; }
  // The directions, as columns. [D, K]
  const std::vector<float>& directions() const { return directions_; }

 private:
  // Calls visit(first row, rows, centered [rows, D], codes [rows, K]) block by block, both times
  // the factor.
  template <typename Visitor>
  void ForEachBlock(const Features& features, const Visitor& visit) const;

  int64_t components_ = 0;
  std::vector<float> mean_;
  float factor_ = 1;  // of values before they are multiplied
  std::vector<double> explained_;
  std::vector<double> variances_;
  std::vector<float> directions_;
};

}  // namespace pretext
