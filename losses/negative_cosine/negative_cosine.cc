#include "losses/negative_cosine/negative_cosine.h"

#include <vector>

#include "core/ops/basic.h"
#include "losses/negative_cosine/negative_cosine.pb.h"
#include "losses/targets/targets.h"

namespace pretext {
namespace {

// For every row of the prediction [V·N, D] the sum of the targets that it is compared with; 0 for a
// view that has none.
Tensor SumOfTargets(const Shape& shape, int64_t samples, const std::vector<ViewPair>& pairs,
                    const Tensor& targets) {
  Tensor sums = Tensor::Zeros(shape);
  for (const ViewPair& pair : pairs) {
    Tensor to = sums.Rows(pair.value * samples, (pair.value + 1) * samples);
    AddInPlace(to, targets.Rows(pair.target * samples, (pair.target + 1) * samples));
  }
  return sums;
}

int64_t ViewsWithTarget(const std::vector<ViewPair>& pairs) {
  int64_t views = 0, last = -1;
  for (const ViewPair& pair : pairs) {
    views += pair.value != last;
    last = pair.value;
  }
  return views;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Loss>> NegativeCosineLoss::Create(const NegativeCosine& config,
                                                                 const BuildContext& context) {
  FieldChecker check;
  CheckTarget(context, check);
  if (!check.ok()) return check.status();
  return std::make_unique<NegativeCosineLoss>(config.average_targets());
}

LossResult NegativeCosineLoss::Compute(Tape& tape, const Prediction& prediction,
                                       const Batch& batch) {
  const std::vector<ViewPair> pairs = PairsOf(prediction, batch.samples);
  const Var unit = NormalizeRows(tape, prediction.value);
  Tensor targets;
  int64_t compared = static_cast<int64_t>(pairs.size());
  if (average_targets_) {
    // The direction of the sum is that of the mean.
    const Tensor sums =
        SumOfTargets(unit.shape(), batch.samples, pairs, prediction.target.value().Plain());
    Tape values(/*recording=*/false);
    targets = NormalizeRows(values, values.Constant(sums)).value();
    compared = ViewsWithTarget(pairs);
  } else {
    targets = SumOfTargets(unit.shape(), batch.samples, pairs, UnitTarget(prediction));
  }
  const auto terms = static_cast<double>(compared * batch.samples);
  const Var products = Multiply(tape, unit, tape.Constant(targets));
  return {.loss = Scale(tape, Sum(tape, products), static_cast<float>(-1 / terms)),
          .weight = static_cast<double>(prediction.value.dim(0))};
}

PRETEXT_REGISTER_LOSS(NegativeCosineLoss, NegativeCosine);

}  // namespace pretext
