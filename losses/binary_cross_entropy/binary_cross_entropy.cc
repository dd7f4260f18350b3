#include "losses/binary_cross_entropy/binary_cross_entropy.h"

#include "kernels/activation/activation.h"
#include "kernels/reconstruction/reconstruction.h"
#include "losses/binary_cross_entropy/binary_cross_entropy.pb.h"
#include "losses/reconstruction/reconstruction_loss.h"

namespace pretext {

absl::StatusOr<std::unique_ptr<Loss>> BinaryCrossEntropyLoss::Create(const BinaryCrossEntropy&,
                                                                     const BuildContext& context) {
  FieldChecker check;
  if (check.Nested("", CheckReconstruction(context))) {
    const FlowType &z = context.input, &sample = context.sample;
    check.Shape(!z.range || *z.range == ValueRange(),
                absl::StrCat("takes logits, which can be any number; the head gives ",
                             z.ToStringWithRange(),
                             ". Leave its output_activation IDENTITY: the sigmoid is part of the "
                             "loss"));
    check.Shape(
        !sample.Leaves(kUnitRange),
        absl::StrCat("takes targets in [0, 1]; the dataset gives ", sample.ToStringWithRange(),
                     ". Scale it to 0 to 1, or use pretext.MeanSquaredError"));
  }
  if (!check.ok()) return check.status();
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
