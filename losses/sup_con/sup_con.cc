#include "losses/sup_con/sup_con.h"

#include <cmath>

#include "base/check/check.h"
#include "losses/contrastive/contrastive_loss.h"
#include "losses/sup_con/sup_con.pb.h"

namespace pretext {

absl::StatusOr<std::unique_ptr<Loss>> SupConLoss::Create(const SupCon& config,
                                                         const BuildContext& context) {
  FieldChecker check;
  CheckContrastive(context, /*least_views=*/1, config.temperature(), check);
  check.Shape(context.labelled,
              "takes labels; the dataset has none. Use pretext.NtXent, which needs no labels, or "
              "give the dataset its labels");
  if (!check.ok()) return check.status();
  return std::make_unique<SupConLoss>(config.temperature());
}

LossResult SupConLoss::Compute(Tape& tape, const Prediction& prediction, const Batch& batch) {
  PRETEXT_CHECK(batch.labels.defined(), "a labelled dataset's batch has labels");
  classes_.resize(batch.samples);
  for (int64_t n = 0; n < batch.samples; ++n) {
    const int32_t label = batch.labels.ints()[n];
    classes_[n] = label >= 0 ? label : static_cast<int32_t>(-1 - n);  // unknown: alone
  }
  return ContrastiveLoss(tape, "sup_con", prediction.value, batch,
                         {.temperature = temperature_, .labels = classes_.data()});
}

std::optional<double> SupConLoss::Chance(int64_t samples, int64_t views) const {
  return std::log(static_cast<double>(samples * views - 1));
}

PRETEXT_REGISTER_LOSS(SupConLoss, SupCon);

}  // namespace pretext
