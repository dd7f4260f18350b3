// How far vectors of two views agree, and how evenly they are spread (Wang and Isola 2020,
// "Understanding contrastive representation learning through alignment and uniformity on the
// hypersphere").
#pragma once

#include <cstdint>

#include "Eigen/Core"
#include "core/tensor/tensor.h"

namespace pretext {

using UnitVectors = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Rows [begin, end) of a matrix, at most kMostUnitRows of them and evenly apart, each divided by
// its norm (a zero row stays).
UnitVectors UnitRows(const Tensor& matrix, int64_t begin, int64_t end);

struct ViewAgreement {
  // Mean ‖z_a - z_b‖² over positive pairs of the first two views; lower is closer.
  double alignment = 0;
  // Log of the mean of e^(-2 ‖z_i - z_j‖²) over pairs of the first view; lower is more even.
  double uniformity = 0;
};

// Of z/‖z‖: z [V·N, D], view-major, V and N at least 2.
ViewAgreement MeasureViews(const Tensor& z, int64_t samples);

}  // namespace pretext
