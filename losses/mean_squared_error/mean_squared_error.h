// MeanSquaredError: the mean over all elements of the squared difference to the clean sample.
//
//   L = 1/(R D) Σ_r Σ_d (y_rd - x_rd)²
//
// over R = V·N rows of D elements: y the reconstruction, x the clean sample.
//
// Prediction: image C×H×W or vector D, of the clean sample's size. Target:
// the clean sample, so that an encoder fed with corrupted views is a denoising
// autoencoder (Vincent et al. 2008, all elements scored). With V views every view
// is scored against its sample. Gradient: to the prediction.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "core/plugin/plugin.h"

namespace pretext {

class MeanSquaredError;  // the config, mean_squared_error.proto

class MeanSquaredErrorLoss : public Loss {
 public:
  // Faults: a prediction that does not have as many elements as a clean sample, or whose activation
  // cannot give its values.
  static absl::StatusOr<std::unique_ptr<Loss>> Create(const MeanSquaredError& config,
                                                      const BuildContext& context);

  LossResult Compute(Tape& tape, const Prediction& prediction, const Batch& batch) override;
  bool by_sample() const override { return true; }
  bool needs_clean() const override { return true; }
};

}  // namespace pretext
