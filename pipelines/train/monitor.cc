#include "pipelines/train/monitor.h"

#include <algorithm>
#include <cmath>

#include "Eigen/Core"
#include "Eigen/Eigenvalues"

namespace pretext {
namespace {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr int64_t kMaxRows = 256;

// At most kMaxRows rows of a matrix, evenly apart, each divided by its norm (a zero row stays).
Matrix UnitRows(const Tensor& tensor, int64_t begin, int64_t end) {
  const Tensor plain = tensor.Plain();
  const int64_t rows = std::min(kMaxRows, end - begin), width = plain.dim(1);
  Matrix unit(rows, width);
  for (int64_t r = 0; r < rows; ++r) {
    const int64_t from = begin + r * (end - begin) / rows;
    unit.row(r) = Eigen::Map<const Eigen::RowVectorXf>(plain.data() + from * width, width);
    const float norm = unit.row(r).norm();
    if (norm > 0) unit.row(r) /= norm;
  }
  return unit;
}

double EffectiveRank(const Matrix& centred) {
  // The nonzero eigenvalues of XᵀX and XXᵀ are the same: take the smaller.
  const Eigen::MatrixXf gram = centred.rows() <= centred.cols()
                                   ? Eigen::MatrixXf(centred * centred.transpose())
                                   : Eigen::MatrixXf(centred.transpose() * centred);
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXf> solver(gram, Eigen::EigenvaluesOnly);
  const Eigen::ArrayXd values = solver.eigenvalues().array().cast<double>().max(0.0);
  const double sum = values.sum();
  if (!(sum > 0)) return 0;
  double entropy = 0;
  for (double v : values / sum) {
    if (v > 0) entropy -= v * std::log(v);
  }
  return std::exp(entropy);
}

// Of centred unit rows.
double Spread(const Matrix& centred) {
  return centred.array().square().colwise().mean().sqrt().mean() *
         std::sqrt(static_cast<double>(centred.cols()));
}

Matrix Centred(Matrix rows) {
  rows.rowwise() -= rows.colwise().mean().eval();
  return rows;
}

bool IsMatrix(const Tensor& tensor) {
  return tensor.defined() && tensor.rank() == 2 && tensor.dtype() == DType::kFloat32;
}

}  // namespace

Monitor::Metrics Monitor::Measure(const Tensor& h, const Tensor& z, const Batch& batch) const {
  Metrics metrics;
  const int64_t n = batch.samples;
  if (IsMatrix(h) && h.dim(0) == batch.rows() && n >= 2) {
    const Matrix unit = Centred(UnitRows(h, 0, h.dim(0)));
    metrics.emplace_back("h_spread", Spread(unit));
    metrics.emplace_back("h_effective_rank", EffectiveRank(unit));
  }
  if (IsMatrix(z) && batch.views >= 2 && z.dim(0) == batch.rows() && n >= 2) {
    const Matrix a = UnitRows(z, 0, n), b = UnitRows(z, n, 2 * n);
    metrics.emplace_back("z_spread", Spread(Centred(a)));
    metrics.emplace_back("alignment", (a - b).rowwise().squaredNorm().mean());
    // ‖a_i - a_j‖² = 2 - 2 a_i·a_j on the unit sphere.
    const Matrix similarity = a * a.transpose();
    const double all = (4 * (similarity.array().cast<double>() - 1)).exp().sum();
    const auto rows = static_cast<double>(a.rows());
    metrics.emplace_back("uniformity", std::log((all - rows) / (rows * (rows - 1))));
  }
  return metrics;
}

}  // namespace pretext
