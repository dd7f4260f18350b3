#include "losses/binary_cross_entropy/binary_cross_entropy.h"

#include "kernels/activation/activation.h"
#include "kernels/reconstruction/reconstruction.h"
#include "losses/binary_cross_entropy/binary_cross_entropy.pb.h"
#include "losses/reconstruction/reconstruction_loss.h"

namespace pretext {

absl::StatusOr<std::unique_ptr<Loss>> BinaryCrossEntropyLoss::Create(const BinaryCrossEntropy&,
                                                                     const BuildContext& context) {
  const absl::Status fits = CheckReconstruction(context);
  if (!fits.ok()) return fits;
  return std::make_unique<BinaryCrossEntropyLoss>();
}

LossResult BinaryCrossEntropyLoss::Compute(Tape& tape, const Prediction& prediction,
                                           const Batch& batch) {
  return ReconstructionLoss(tape, "binary_cross_entropy", prediction.value, batch,
                            LogitCrossEntropy);
}

Tensor BinaryCrossEntropyLoss::Reconstruction(const Tensor& prediction) const {
  const Tensor logits = prediction.Plain();
  Tensor probabilities = Tensor::Uninitialized(logits.shape());
  ActivationForward(Activation::kSigmoid, logits.size(), logits.data(), probabilities.data());
  return probabilities;
}

PRETEXT_REGISTER_LOSS(BinaryCrossEntropyLoss, BinaryCrossEntropy);

}  // namespace pretext
