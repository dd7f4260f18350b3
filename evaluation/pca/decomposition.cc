#include "evaluation/pca/decomposition.h"

#include <Eigen/Eigenvalues>
#include <cmath>
#include <limits>
#include <utility>

namespace pretext {
namespace {

using Eigen::Index;

// Where the parts end, as shares of the whole time.
constexpr double kReduced = 0.3, kMultiplied = 0.5;
constexpr Index kStepsAValue = 30;  // after which Eigen takes it that there is no convergence

// How much of n³ is done when what is left is a corner of that side.
double DoneOfCube(Index corner, Index n) {
  const double left = static_cast<double>(corner) / static_cast<double>(n);
  return 1 - left * left * left;
}

// To tridiagonal form: the reflections stand below the subdiagonal.
absl::Status Reduce(Eigen::MatrixXd& a, Eigen::VectorXd& h, const Work& work) {
  const Index n = a.rows();
  for (Index i = 0; i < n - 1; ++i) {
    const Index rest = n - i - 1;
    if (auto s = work.Tell("PCA, decomposition", kReduced * DoneOfCube(rest, n)); !s.ok()) return s;
    double factor = 0, beta = 0;
    a.col(i).tail(rest).makeHouseholderInPlace(factor, beta);
    a.col(i).coeffRef(i + 1) = 1;
    h.tail(rest).noalias() = a.bottomRightCorner(rest, rest).selfadjointView<Eigen::Lower>() *
                             (factor * a.col(i).tail(rest));
    h.tail(rest) += (factor * -0.5 * (h.tail(rest).dot(a.col(i).tail(rest)))) * a.col(i).tail(rest);
    a.bottomRightCorner(rest, rest)
        .selfadjointView<Eigen::Lower>()
        .rankUpdate(a.col(i).tail(rest), h.tail(rest), -1.0);
    a.col(i).coeffRef(i + 1) = beta;
    h.coeffRef(i) = factor;
  }
  return absl::OkStatus();
}

// The product of the reflections, in their place.
absl::Status Multiply(Eigen::MatrixXd& a, const Eigen::VectorXd& h, const Work& work) {
  const Index n = a.rows();
  Eigen::VectorXd workspace(n);
  a.diagonal().setOnes();
  a.triangularView<Eigen::StrictlyUpper>().setZero();
  for (Index k = n - 2; k >= 0; --k) {
    const Index corner = n - k - 1;
    const double share = 1 - DoneOfCube(corner, n);
    if (auto s = work.Tell("PCA, decomposition", kReduced + (kMultiplied - kReduced) * share);
        !s.ok())
      return s;
    a.bottomRightCorner(corner, corner)
        .applyHouseholderOnTheLeft(a.col(k).tail(corner - 1), h.coeff(k), workspace.data());
    a.col(k).tail(corner).setZero();
  }
  return absl::OkStatus();
}

// Rotates the tridiagonal matrix to a diagonal one, and the columns of `vectors` with it.
absl::Status Diagonalize(Eigen::VectorXd& diagonal, Eigen::VectorXd& below,
                         Eigen::MatrixXd& vectors, const Work& work) {
  constexpr double kZero = std::numeric_limits<double>::min(),
                   kInverse = 1 / std::numeric_limits<double>::epsilon();
  const Index n = diagonal.size();
  Index start = 0, steps = 0;
  for (Index end = n - 1; end > 0;) {
    for (Index i = start; i < end; ++i) {
      const double scaled = kInverse * below[i];
      if (std::abs(below[i]) < kZero ||
          scaled * scaled <= std::abs(diagonal[i]) + std::abs(diagonal[i + 1])) {
        below[i] = 0;
      }
    }
    while (end > 0 && below[end - 1] == 0) --end;
    if (end <= 0) break;
    const double done = 1 - static_cast<double>(end) / static_cast<double>(n);
    if (auto s = work.Tell("PCA, decomposition", kMultiplied + (1 - kMultiplied) * done); !s.ok())
      return s;
    if (++steps > kStepsAValue * n) {
      return absl::InternalError("the eigenvalues of PCA did not converge");
    }
    start = end - 1;
    while (start > 0 && below[start - 1] != 0) --start;
    Eigen::internal::tridiagonal_qr_step<Eigen::ColMajor>(diagonal.data(), below.data(), start, end,
                                                          vectors.data(), n);
  }
  return absl::OkStatus();
}

void Sort(Eigen::VectorXd& values, Eigen::MatrixXd& vectors) {
  for (Index i = 0; i < values.size() - 1; ++i) {
    Index least = 0;
    values.tail(values.size() - i).minCoeff(&least);
    if (least == 0) continue;
    std::swap(values[i], values[i + least]);
    vectors.col(i).swap(vectors.col(i + least));
  }
}

}  // namespace

absl::StatusOr<Decomposition> DecomposeSymmetric(const Eigen::MatrixXd& matrix, const Work& work) {
  const Index n = matrix.rows();
  Decomposition made;
  if (n == 1) return Decomposition{matrix.col(0), Eigen::MatrixXd::Ones(1, 1)};
  Eigen::MatrixXd& a = made.vectors;
  a = matrix.triangularView<Eigen::Lower>();
  // Against overflow.
  const double largest = a.cwiseAbs().maxCoeff(), scale = largest == 0 ? 1 : largest;
  a.triangularView<Eigen::Lower>() /= scale;
  Eigen::VectorXd reflections(n - 1);
  if (auto s = Reduce(a, reflections, work); !s.ok()) return s;
  made.values = a.diagonal();
  Eigen::VectorXd below = a.diagonal<-1>();
  if (auto s = Multiply(a, reflections, work); !s.ok()) return s;
  if (auto s = Diagonalize(made.values, below, a, work); !s.ok()) return s;
  Sort(made.values, a);
  made.values *= scale;
  return made;
}

}  // namespace pretext
