// t-SNE: points in the plane of which near ones were near (van der Maaten and Hinton 2008,
// "Visualizing data using t-SNE"), exactly, over all pairs.
//
//   p_j|i = exp(-‖x_i - x_j‖² / 2σ_i²) / Σ_k≠i …, σ_i such that the entropy is log perplexity
//   p_ij  = (p_j|i + p_i|j) / 2N
//   q_ij  = (1 + ‖y_i - y_j‖²)⁻¹ / Σ_k≠l …
//   KL    = Σ_i≠j p_ij log(p_ij / q_ij), minimised over y
//
// As scikit-learn does it: from a start at a scale of 1e-4, gradient descent with momentum 0.5,
// then 0.8, a gain for each coordinate, and p twelve times as large for the first 250 iterations;
// the learning rate is max(N / 48, 50).
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "base/work/work.h"
#include "evaluation/features/features.h"

namespace pretext {

struct TsneOptions {
  double perplexity = 30;  // at most a third of the other points counts
  int iterations = 750;
  Work work;
};

struct TsneResult {
  std::vector<float> x, y;  // [N]
  double perplexity = 0;    // that was used
  double divergence = 0;    // KL, in nats
};

// Begins at (x, y) [N], scaled so that x has a standard deviation of 1e-4: the points' first two
// principal components. Points that are equal there stay together.
//
// N·N pairs an iteration and 8·N² bytes: meant for up to 2,000 points. The same bits on any number
// of threads. Errors: fewer than 4 points; a value that is not finite; Cancelled
// (base/work/work.h).
absl::StatusOr<TsneResult> Tsne(const Features& points, std::vector<float> x, std::vector<float> y,
                                const TsneOptions& options = {});

// p_ij as above, [N, N]; the diagonal is 0. For the test.
std::vector<float> TsneAffinities(const Features& points, double perplexity);
// The gradient of KL by y, 4 Σ_j (exaggeration·p_ij - q_ij)(y_i - y_j) / (1 + ‖y_i - y_j‖²). x, y,
// dx, dy: [N]. Returns the sum below q.
double TsneGradient(const std::vector<float>& affinities, float exaggeration,
                    const std::vector<float>& x, const std::vector<float>& y,
                    std::vector<float>& dx, std::vector<float>& dy);

}  // namespace pretext
