#include "losses/sup_con/sup_con.h"

#include <cmath>

#include "base/check/check.h"
#include "losses/contrastive/contrastive_loss.h"
#include "losses/sup_con/sup_con.pb.h"

namespace pretext {
namespace {

// The class of each sample: its label, and for one of an unknown label one of its own.
void FindClasses(const int32_t* labels, int64_t samples, std::vector<int32_t>& classes) {
  classes.resize(static_cast<size_t>(samples));
  for (int64_t n = 0; n < samples; ++n)
    classes[static_cast<size_t>(n)] = labels[n] >= 0 ? labels[n] : static_cast<int32_t>(-1 - n);
}

}  // namespace

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
  FindClasses(batch.labels.ints(), batch.samples, classes_);
  return ContrastiveLoss(tape, "sup_con", prediction, batch,
                         {.temperature = temperature_, .labels = classes_.data()});
}

LossResult SupConLoss::ComputeBlock(Tape& tape, const Prediction& prediction, const Batch& batch,
                                    int64_t samples, BlockMember& member) const {
  PRETEXT_CHECK(batch.labels.defined(), "a labelled dataset's batch has labels");
  std::vector<int64_t> counts;
  for (int b = 0; b < member.count(); ++b) {
    counts.push_back(FirstSample(samples, b + 1, member.count()) -
                     FirstSample(samples, b, member.count()));
  }
  std::vector<int32_t> classes;
  FindClasses(static_cast<const int32_t*>(member.Gather(batch.labels.ints(), counts)), samples,
              classes);
  return ContrastiveLossOfBlock(tape, "sup_con", prediction.value, batch, samples, member,
                                {.temperature = temperature_, .labels = classes.data()});
}

std::optional<double> SupConLoss::Chance(int64_t samples, int64_t views) const {
  return std::log(static_cast<double>(samples * views - 1));
}

PRETEXT_REGISTER_LOSS(SupConLoss, SupCon);

}  // namespace pretext
