#include "pipelines/train/monitor.h"

#include <cmath>

#include "Eigen/Eigenvalues"
#include "evaluation/views/views.h"
#include "kernels/reduce/exp_of_entropy.h"

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
  const Eigen::ArrayXd shares = values / sum;
  return ExpOfEntropy(shares.size(), shares.data());
}

// Of centred unit rows.
double Spread(const UnitVectors& centred) {
  return centred.array().square().colwise().mean().sqrt().mean() *
         std::sqrt(static_cast<double>(centred.cols()));
}

UnitVectors Centred(UnitVectors rows) {
  rows.rowwise() -= rows.colwise().mean().eval();
  return rows;
}

bool IsMatrix(const Tensor& tensor) {
  return tensor.defined() && tensor.rank() == 2 && tensor.dtype() == DType::kFloat32;
}

}  // namespace

Monitor::Metrics Monitor::Measure(const Tensor& h, const Tensor& z, const Batch& batch,
                                  bool targets) const {
  Metrics metrics;
  const int64_t n = batch.samples;
  if (IsMatrix(h) && h.dim(0) == batch.rows() && n >= 2) {
    const UnitVectors unit = Centred(UnitRows(h, 0, h.dim(0)));
    metrics.emplace_back("h_spread", Spread(unit));
    metrics.emplace_back("h_effective_rank", EffectiveRank(unit));
  }
  const bool several = batch.views >= 2;
  if (IsMatrix(z) && (several || targets) && z.dim(0) == batch.rows() && n >= 2) {
    metrics.emplace_back("z_spread", Spread(Centred(UnitRows(z, 0, n))));
    if (several) {
      const ViewAgreement views = MeasureViews(z, n);
      metrics.emplace_back("alignment", views.alignment);
      metrics.emplace_back("uniformity", views.uniformity);
    }
  }
  return metrics;
}

}  // namespace pretext
