#include "evaluation/pca/pca.h"

#include <Eigen/Eigenvalues>
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/check/check.h"
#include "base/parallel/parallel.h"
#include "kernels/gemm/gemm.h"

namespace pretext {
namespace {

constexpr int64_t kBlockRows = 1024;

// out = rows [first, first + rows) of `features` minus the mean.
void Center(const Features& features, const std::vector<float>& mean, int64_t first, int64_t rows,
            float* out) {
  const int64_t d = features.width;
  ParallelFor(rows, d, [&](int64_t i) {
    const float* row = features.values.data() + (first + i) * d;
#pragma omp simd
    for (int64_t c = 0; c < d; ++c) out[i * d + c] = row[c] - mean[c];
  });
}

// Σ_n (x_n - mean)(x_n - mean)ᵀ
absl::StatusOr<Eigen::MatrixXd> Scatter(const Features& features, const std::vector<float>& mean,
                                        const Work& work) {
  const int64_t d = features.width;
  std::vector<float> block(std::min(features.count, kBlockRows) * d), product(d * d);
  Eigen::MatrixXd scatter = Eigen::MatrixXd::Zero(d, d);
  for (int64_t first = 0; first < features.count; first += kBlockRows) {
    absl::Status status = work.Tell("PCA", static_cast<double>(first) / features.count);
    if (!status.ok()) return status;
    const int64_t rows = std::min(kBlockRows, features.count - first);
    Center(features, mean, first, rows, block.data());
    Gemm(Transpose::kYes, Transpose::kNo, d, d, rows, 1.0f, block.data(), d, block.data(), d, 0.0f,
         product.data(), d);
    scatter += Eigen::Map<const Eigen::MatrixXf>(product.data(), d, d).cast<double>();
  }
  return scatter;
}

}  // namespace

absl::StatusOr<Pca> Pca::Fit(const Features& train, int64_t components, const Work& work) {
  const int64_t d = train.width;
  if (absl::Status status = CheckFinite(train, "training"); !status.ok()) return status;
  if (d > kMaxWidth) {
    return absl::FailedPreconditionError(
        absl::StrCat("PCA of ", d, " values a sample would take too long: at most ", kMaxWidth));
  }
  if (components < 1 || components > d) {
    return absl::InvalidArgumentError(
        absl::StrCat("PCA can have 1 to ", d, " components here; found ", components));
  }
  Pca pca;
  pca.components_ = components;
  const ColumnStatistics statistics = ComputeColumnStatistics(train);
  pca.mean_.assign(statistics.mean.begin(), statistics.mean.end());

  // Eigenvalues rise in Eigen's order, and the signs are arbitrary: the largest entry is made
  // positive, so that equal data gives equal codes.
  const absl::StatusOr<Eigen::MatrixXd> scatter = Scatter(train, pca.mean_, work);
  if (!scatter.ok()) return scatter.status();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(*scatter);
  const double total = solver.eigenvalues().cwiseMax(0).sum();
  pca.directions_.resize(d * components);
  for (int64_t k = 0; k < components; ++k) {
    const auto direction = solver.eigenvectors().col(d - 1 - k);
    Eigen::Index largest;
    direction.cwiseAbs().maxCoeff(&largest);
    const double sign = direction[largest] < 0 ? -1 : 1;
    for (int64_t c = 0; c < d; ++c)
      pca.directions_[c * components + k] = static_cast<float>(sign * direction[c]);
    pca.explained_.push_back(total > 0 ? std::max(0.0, solver.eigenvalues()[d - 1 - k]) / total
                                       : 0);
  }
  return pca;
}

template <typename Visitor>
void Pca::ForEachBlock(const Features& features, const Visitor& visit) const {
  const int64_t d = width(), k = components_;
  PRETEXT_CHECK(features.width == d, "features are as wide as those fitted");
  std::vector<float> centered(std::min(features.count, kBlockRows) * d);
  std::vector<float> codes(std::min(features.count, kBlockRows) * k);
  for (int64_t first = 0; first < features.count; first += kBlockRows) {
    const int64_t rows = std::min(kBlockRows, features.count - first);
    Center(features, mean_, first, rows, centered.data());
    Gemm(Transpose::kNo, Transpose::kNo, rows, k, d, 1.0f, centered.data(), d, directions_.data(),
         k, 0.0f, codes.data(), k);
    visit(first, rows, centered.data(), codes.data());
  }
}

Features Pca::Project(const Features& features) const {
  Features result{.count = features.count, .width = components_, .labels = features.labels};
  result.values.resize(features.count * components_);
  ForEachBlock(features, [&](int64_t first, int64_t rows, const float*, const float* codes) {
    std::copy_n(codes, rows * components_, result.values.data() + first * components_);
  });
  return result;
}

double Pca::ReconstructionError(const Features& features) const {
  const int64_t d = width();
  PRETEXT_CHECK(features.count > 0, "there is something to reconstruct");
  double sum = 0;
  ForEachBlock(features, [&](int64_t, int64_t rows, float* centered, const float* codes) {
    // What is left of the centered rows once their reconstruction is taken away.
    Gemm(Transpose::kNo, Transpose::kYes, rows, d, components_, -1.0f, codes, components_,
         directions_.data(), components_, 1.0f, centered, d);
    std::vector<double> row_sum(rows);
    ParallelFor(rows, 2 * d, [&](int64_t i) {
      double square = 0;
      for (int64_t c = 0; c < d; ++c) square += double{centered[i * d + c]} * centered[i * d + c];
      row_sum[i] = square;
    });
    for (const double s : row_sum) sum += s;
  });
  return sum / (static_cast<double>(features.count) * d);
}

}  // namespace pretext
