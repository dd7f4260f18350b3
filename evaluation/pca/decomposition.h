// Eigenvalues and eigenvectors of a symmetric matrix, in steps between which it can be stopped.
#pragma once

#include <Eigen/Core>

#include "absl/status/statusor.h"
#include "base/work/work.h"

namespace pretext {

struct Decomposition {
  Eigen::VectorXd values;   // rising
  Eigen::MatrixXd vectors;  // as columns, of length 1
};

// By Householder's reflections and implicit QR steps (Golub and Van Loan, sections 8.3 and 8.5):
// what Eigen's SelfAdjointEigenSolver does and, bit for bit, what it gives, in its own steps. For a
// side of 4096 Eigen takes minutes and cannot be stopped; here a step takes a tenth of a second at
// most. Looks at the lower triangle alone. Errors: Cancelled (base/work/work.h).
absl::StatusOr<Decomposition> DecomposeSymmetric(const Eigen::MatrixXd& matrix, const Work& work);

}  // namespace pretext
