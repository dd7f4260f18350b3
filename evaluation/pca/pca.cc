#include "evaluation/pca/pca.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "base/check/check.h"
#include "base/parallel/parallel.h"
#include "evaluation/pca/decomposition.h"
#include "kernels/gemm/gemm.h"

namespace pretext {
namespace {

constexpr int64_t kBlockRows = Pca::kBlockRows, kBlockColumns = Pca::kBlockColumns;

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// A power of two by which values are multiplied so that products of two are within single
// precision: 1 where they are anyway, by the largest deviation of a column.
float FactorOf(const ColumnStatistics& statistics) {
  const double most = *std::max_element(statistics.deviation.begin(), statistics.deviation.end());
  constexpr double kLeast = 1e-8, kMost = 1e12;
  if (most == 0 || (most >= kLeast && most <= kMost)) return 1;
  constexpr int kMostExponent = std::numeric_limits<float>::max_exponent - 1;
  return std::ldexp(1.0f, std::clamp(-std::ilogb(most), -kMostExponent, kMostExponent));
}

// out = rows [first, first + rows) of `features` minus the mean, times the factor.
void Center(const Features& features, const std::vector<float>& mean, float factor, int64_t first,
            int64_t rows, float* out) {
  const int64_t d = features.width;
  ParallelFor(rows, d, [&](int64_t i) {
    const float* row = features.values.data() + (first + i) * d;
#pragma omp simd
    for (int64_t c = 0; c < d; ++c) out[i * d + c] = (row[c] - mean[c]) * factor;
  });
}

// Σ_n (x_n - mean)(x_n - mean)ᵀ, times the square of the factor.
absl::StatusOr<Eigen::MatrixXd> Scatter(const Features& features, const std::vector<float>& mean,
                                        float factor, const Work& work) {
  const int64_t d = features.width;
  std::vector<float> block(std::min(features.count, kBlockRows) * d), product(d * d);
  Eigen::MatrixXd scatter = Eigen::MatrixXd::Zero(d, d);
  for (int64_t first = 0; first < features.count; first += kBlockRows) {
    absl::Status status = work.Tell("PCA", static_cast<double>(first) / features.count);
    if (!status.ok()) return status;
    const int64_t rows = std::min(kBlockRows, features.count - first);
    Center(features, mean, factor, first, rows, block.data());
    Gemm(Transpose::kYes, Transpose::kNo, d, d, rows, 1.0f, block.data(), d, block.data(), d, 0.0f,
         product.data(), d);
    scatter += Eigen::Map<const Eigen::MatrixXf>(product.data(), d, d).cast<double>();
  }
  return scatter;
}

// Calls visit(first column, centered [N, columns]) for columns of `features` minus the mean, block
// by block.
template <typename Visitor>
absl::Status ForEachColumnBlock(const Features& features, const std::vector<float>& mean,
                                const Work& work, const Visitor& visit) {
  const int64_t n = features.count, d = features.width;
  for (int64_t first = 0; first < d; first += kBlockColumns) {
    absl::Status status = work.Tell("PCA", static_cast<double>(first) / d);
    if (!status.ok()) return status;
    const int64_t columns = std::min(kBlockColumns, d - first);
    RowMajor block(n, columns);
    ParallelFor(n, columns, [&](int64_t i) {
      const float* row = features.values.data() + i * d + first;
      double* out = block.data() + i * columns;
      for (int64_t c = 0; c < columns; ++c) out[c] = row[c] - mean[first + c];
    });
    visit(first, block);
  }
  return absl::OkStatus();
}

// The rows' products with each other, X Xᵀ of the centered rows X.
absl::StatusOr<Eigen::MatrixXd> Gram(const Features& features, const std::vector<float>& mean,
                                     const Work& work) {
  Eigen::MatrixXd gram = Eigen::MatrixXd::Zero(features.count, features.count);
  absl::Status status = ForEachColumnBlock(
      features, mean, work,
      [&](int64_t, const RowMajor& block) { gram.noalias() += block * block.transpose(); });
  if (!status.ok()) return status;
  return gram;
}

// The directions of unit length Xᵀ u / √λ, [D, min(K, N)], of the first pairs (λ, u) of the
// products X Xᵀ; zero of those whose λ is what rounding leaves of 0.
absl::StatusOr<Eigen::MatrixXd> DirectionsOf(const Decomposition& gram, int64_t components,
                                             const Features& features,
                                             const std::vector<float>& mean, const Work& work) {
  const int64_t n = features.count, kept = std::min(components, n);
  // Values are rounded to single precision before they are squared.
  constexpr double kRounding = 1e-12;
  const Eigen::VectorXd falling = gram.values.reverse();
  Eigen::MatrixXd scaled = gram.vectors.rowwise().reverse().leftCols(kept);
  for (int64_t k = 0; k < kept; ++k) {
    if (falling[k] > kRounding * falling[0]) {
      scaled.col(k) /= std::sqrt(falling[k]);
    } else {
      scaled.col(k).setZero();
    }
  }
  Eigen::MatrixXd directions(features.width, kept);
  absl::Status status =
      ForEachColumnBlock(features, mean, work, [&](int64_t first, const RowMajor& block) {
        directions.middleRows(first, block.cols()).noalias() = block.transpose() * scaled;
      });
  if (!status.ok()) return status;
  return directions;
}

// Signs are arbitrary: the largest entry is made positive, so that equal data gives equal codes.
template <typename Direction>
void WriteDirection(const Direction& direction, int64_t k, int64_t components,
                    std::vector<float>& directions) {
  Eigen::Index largest;
  direction.cwiseAbs().maxCoeff(&largest);
  const double sign = direction[largest] < 0 ? -1 : 1;
  for (int64_t c = 0; c < direction.size(); ++c)
    directions[c * components + k] = static_cast<float>(sign * direction[c]);
}

}  // namespace

absl::StatusOr<Pca> Pca::Fit(const Features& train, int64_t components, const Work& work) {
  const int64_t d = train.width, side = std::min(train.count, d);
  if (absl::Status status = CheckFinite(train, "training"); !status.ok()) return status;
  if (side > kMaxSide) {
    return absl::FailedPreconditionError(
        absl::StrCat("PCA of ", train.count, " samples of ", d,
                     " values would take too long: of one or the other at most ", kMaxSide));
  }
  if (components < 1 || components > d) {
    return absl::InvalidArgumentError(
        absl::StrCat("PCA can have 1 to ", d, " components here; found ", components));
  }
  Pca pca;
  pca.components_ = components;
  const ColumnStatistics statistics = ComputeColumnStatistics(train);
  pca.mean_.assign(statistics.mean.begin(), statistics.mean.end());
  pca.factor_ = FactorOf(statistics);

  const bool by_rows = train.count < d;
  const absl::StatusOr<Eigen::MatrixXd> products =
      by_rows ? Gram(train, pca.mean_, work) : Scatter(train, pca.mean_, pca.factor_, work);
  if (!products.ok()) return products.status();
  const absl::StatusOr<Decomposition> solved = DecomposeSymmetric(*products, work);
  if (!solved.ok()) return solved.status();
  pca.directions_.resize(d * components);
  if (by_rows) {
    const absl::StatusOr<Eigen::MatrixXd> directions =
        DirectionsOf(*solved, components, train, pca.mean_, work);
    if (!directions.ok()) return directions.status();
    for (int64_t k = 0; k < directions->cols(); ++k)
      WriteDirection(directions->col(k), k, components, pca.directions_);
  } else {
    for (int64_t k = 0; k < components; ++k)
      WriteDirection(solved->vectors.col(d - 1 - k), k, components, pca.directions_);
  }
  // Eigenvalues rise in Eigen's order.
  const double total = solved->values.cwiseMax(0).sum();
  // Of the products of rows the factor is no part: they are in double precision.
  const double squared = by_rows ? 1 : double{pca.factor_} * pca.factor_;
  for (int64_t k = 0; k < side; ++k) {
    pca.variances_.push_back(std::max(0.0, solved->values[side - 1 - k]) / squared /
                             static_cast<double>(std::max<int64_t>(1, train.count - 1)));
  }
  for (int64_t k = 0; k < components; ++k) {
    const double along = k < side ? std::max(0.0, solved->values[side - 1 - k]) : 0;
    pca.explained_.push_back(total > 0 ? along / total : 0);
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
    Center(features, mean_, factor_, first, rows, centered.data());
    Gemm(Transpose::kNo, Transpose::kNo, rows, k, d, 1.0f, centered.data(), d, directions_.data(),
         k, 0.0f, codes.data(), k);
    visit(first, rows, centered.data(), codes.data());
  }
}

Features Pca::Project(const Features& features) const {
  Features result{.count = features.count, .width = components_, .labels = features.labels};
  result.values.resize(features.count * components_);
  ForEachBlock(features, [&](int64_t first, int64_t rows, const float*, const float* codes) {
    float* const out = result.values.data() + first * components_;
    for (int64_t i = 0; i < rows * components_; ++i) out[i] = codes[i] / factor_;
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
  return sum / factor_ / factor_ / (static_cast<double>(features.count) * d);
}

}  // namespace pretext
