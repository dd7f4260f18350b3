#include "pipelines/train/monitor.h"

#include <cmath>

#include "Eigen/Eigenvalues"
#include "evaluation/views/views.h"

namespace pretext {
namespace {

double EffectiveRank(const UnitVectors& centred) {
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

bool IsMatrix(const Tensor& tensor) {
  return tensor.defined() && tensor.rank() == 2 && tensor.dtype() == DType::kFloat32;
}

}  // namespace

Monitor::Metrics Monitor::Measure(const Tensor& h, const Tensor& z, const Batch& batch) const {
  Metrics metrics;
  const int64_t n = batch.samples;
  if (IsMatrix(h) && h.dim(0) == batch.rows() && n >= 2) {
    UnitVectors unit = UnitRows(h, 0, h.dim(0));
    unit.rowwise() -= unit.colwise().mean().eval();
    const double variance = unit.array().square().colwise().mean().sqrt().mean();
    metrics.emplace_back("h_spread", variance * std::sqrt(static_cast<double>(unit.cols())));
    metrics.emplace_back("h_effective_rank", EffectiveRank(unit));
  }
  if (IsMatrix(z) && batch.views >= 2 && z.dim(0) == batch.rows() && n >= 2) {
    const ViewAgreement views = MeasureViews(z, n);
    metrics.emplace_back("alignment", views.alignment);
    metrics.emplace_back("uniformity", views.uniformity);
  }
  return metrics;
}

}  // namespace pretext
