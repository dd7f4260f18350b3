#include "evaluation/pca/decomposition.h"

#include <gtest/gtest.h>

#include <Eigen/Eigenvalues>

#include "base/random/random.h"

namespace pretext {
namespace {

// Products of rows of noise: of full rank, or of less.
Eigen::MatrixXd Products(Eigen::Index n, Eigen::Index rank) {
  Random random({.seed = static_cast<uint64_t>(n)});
  Eigen::MatrixXd rows(rank, n);
  for (Eigen::Index i = 0; i < rows.size(); ++i) rows.data()[i] = random.Uniform() - 0.5;
  return rows.transpose() * rows;
}

void ExpectEigens(const Eigen::MatrixXd& matrix) {
  const auto ours = DecomposeSymmetric(matrix, Work());
  ASSERT_TRUE(ours.ok()) << ours.status();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(matrix);
  EXPECT_TRUE(ours->values == solver.eigenvalues()) << matrix.rows();
  EXPECT_TRUE(ours->vectors == solver.eigenvectors()) << matrix.rows();
}

TEST(DecomposeSymmetric, GivesWhatEigenGives) {
  for (const Eigen::Index n : {1, 2, 3, 4, 7, 33, 64, 150}) {
    ExpectEigens(Products(n, n + 3));
    ExpectEigens(Products(n, std::max<Eigen::Index>(1, n / 3)));
    ExpectEigens(Eigen::MatrixXd::Zero(n, n));
    ExpectEigens(Eigen::MatrixXd::Identity(n, n) * 1e200);
    ExpectEigens(Products(n, n) * 1e-200);
  }
}

TEST(DecomposeSymmetric, TellsOfItsStepsAndStopsAtAny) {
  const Eigen::MatrixXd matrix = Products(60, 60);
  int64_t steps = 0;
  double last = 0;
  const Work counted([&](absl::string_view, double share) {
    EXPECT_TRUE(share >= last && share <= 1) << share << " after " << last;
    last = share;
    ++steps;
    return true;
  });
  ASSERT_TRUE(DecomposeSymmetric(matrix, counted).ok());
  // A reflection a column, as many to multiply, and more than one step an eigenvalue.
  EXPECT_GT(steps, 3 * 59);
  for (int64_t stop = 1; stop <= steps; stop += 13) {
    int64_t left = stop;
    const Work stopped([&](absl::string_view, double) { return --left > 0; });
    EXPECT_TRUE(absl::IsCancelled(DecomposeSymmetric(matrix, stopped).status())) << stop;
    EXPECT_EQ(left, 0);
  }
}

}  // namespace
}  // namespace pretext
