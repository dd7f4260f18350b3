#include "losses/mean_squared_error/mean_squared_error.h"

#include "kernels/reconstruction/reconstruction.h"
#include "losses/mean_squared_error/mean_squared_error.pb.h"
#include "losses/reconstruction/reconstruction_loss.h"

namespace pretext {

absl::StatusOr<std::unique_ptr<Loss>> MeanSquaredErrorLoss::Create(const MeanSquaredError&,
                                                                   const BuildContext& context) {
  FieldChecker check;
  if (check.Nested("", CheckReconstruction(context))) CheckReachesTargets(context, check);
  if (!check.ok()) return check.status();
  return std::make_unique<MeanSquaredErrorLoss>();
}

LossResult MeanSquaredErrorLoss::Compute(Tape& tape, const Prediction& prediction,
                                         const Batch& batch) {
  return ReconstructionLoss(tape, "mean_squared_error", prediction.value, batch, SquaredError);
}

PRETEXT_REGISTER_LOSS(MeanSquaredErrorLoss, MeanSquaredError);

}  // namespace pretext
