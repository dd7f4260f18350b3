// BinaryCrossEntropy: the mean over all elements of the cross-entropy between
// a logit and the clean sample.
//
//   L = -1/(R D) Σ_r Σ_d [x_rd log σ(l_rd) + (1 - x_rd) log(1 - σ(l_rd))]
//
// over R = V·N rows of D logits l; clean values x in [0, 1].
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

class BinaryCrossEntropy;  // the config, binary_cross_entropy.proto

class BinaryCrossEntropyLoss : public Loss {
 public:
  // Faults: a prediction that does not have as many elements as a clean sample or is past an
  // activation already; clean samples that are known to leave [0, 1].
  static absl::StatusOr<std::unique_ptr<Loss>> Create(const BinaryCrossEntropy& config,
                                                      const BuildContext& context);

  LossResult Compute(Tape& tape, const Prediction& prediction, const Batch& batch) override;
  bool by_sample() const override { return true; }
  bool needs_clean() const override { return true; }
  Tensor Reconstruction(const Tensor& prediction) const override;
};

}  // namespace pretext
