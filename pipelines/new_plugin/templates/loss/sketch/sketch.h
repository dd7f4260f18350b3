// Sketch: the spectral contrastive loss of two views (HaoChen et al. 2021, "Provable guarantees for
// self-supervised deep learning with spectral contrastive loss", equation 6), of rows of length 1.
//
//   s_ij = a_i · b_j,  a, b the rows of the two views, each over its length
//   L = -2/N Σ_i s_ii + weight / (N (N - 1)) Σ_{i≠j} s_ij²
//
// Prediction: vector D. Views: two. It is the mean over N samples.
#pragma once

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "core/plugin/plugin.h"

namespace custom {

class Sketch;  // the config, sketch.proto

class SketchLoss : public pretext::Loss {
 public:
  // Faults: a weight below 0, a prediction that is no vector, other than two views.
  static absl::StatusOr<std::unique_ptr<pretext::Loss>> Create(
      const Sketch& config, const pretext::BuildContext& context);
  SketchLoss(float weight, int64_t features) : weight_(weight), features_(features) {}

  pretext::LossResult Compute(pretext::Tape& tape, const pretext::Prediction& prediction,
                              const pretext::Batch& batch) override;
  int64_t least_samples() const override { return 2; }
  // Of rows in random directions: the mean of s_ii is 0, that of s_ij² is 1 / D.
  std::optional<double> Chance(int64_t samples, int64_t views) const override;
  // Views agree in full, and samples are at right angles.
  std::optional<double> Floor(int64_t samples, int64_t views) const override;

 private:
  const float weight_;
  const int64_t features_;
};

}  // namespace custom
