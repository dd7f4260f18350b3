#include "evaluation/views/views.h"

#include <algorithm>
#include <cmath>

#include "evaluation/views/most_rows.h"

namespace pretext {

UnitVectors UnitRows(const Tensor& matrix, int64_t begin, int64_t end) {
  const Tensor plain = matrix.Plain();
  const int64_t rows = std::min(kMostUnitRows, end - begin), width = plain.dim(1);
  UnitVectors unit(rows, width);
  for (int64_t r = 0; r < rows; ++r) {
    const int64_t from = begin + r * (end - begin) / rows;
    unit.row(r) = Eigen::Map<const Eigen::RowVectorXf>(plain.data() + from * width, width);
    const float norm = unit.row(r).norm();
    if (norm > 0) unit.row(r) /= norm;
  }
  return unit;
}

ViewAgreement MeasureViews(const Tensor& z, int64_t samples) {
  const UnitVectors a = UnitRows(z, 0, samples), b = UnitRows(z, samples, 2 * samples);
  // ‖a_i - a_j‖² = 2 - 2 a_i·a_j on the unit sphere.
  const UnitVectors similarity = a * a.transpose();
  const double all = (4 * (similarity.array().cast<double>() - 1)).exp().sum();
  const auto rows = static_cast<double>(a.rows());
  return {.alignment = (a - b).rowwise().squaredNorm().mean(),
          .uniformity = std::log((all - rows) / (rows * (rows - 1)))};
}

}  // namespace pretext
