#include "losses/nnclr/nnclr.h"

#include <cmath>
#include <numeric>
#include <vector>

#include "core/ops/basic.h"
#include "core/ops/sequence.h"
#include "losses/contrastive/contrastive_loss.h"
#include "losses/nnclr/nnclr.pb.h"
#include "losses/targets/targets.h"

namespace pretext {

absl::StatusOr<std::unique_ptr<Loss>> NnclrLoss::Create(const Nnclr& config,
                                                        const BuildContext& context) {
  FieldChecker check;
  check.Extent("rows", config.rows());
  check.AtLeast("temperature", config.temperature(), kLeastTemperature);
  CheckTarget(context, check);
  if (!check.ok()) return check.status();
  return std::make_unique<NnclrLoss>(config.rows(), context.input.features, config.temperature());
}

NnclrLoss::NnclrLoss(int64_t rows, int64_t features, float temperature)
    : temperature_(temperature), queue_(parameters(), "queue", rows, features) {}

LossResult NnclrLoss::Compute(Tape& tape, const Prediction& prediction, const Batch& batch) {
  const int64_t n = batch.samples;
  const Tensor z = UnitTarget(prediction);
  const Tensor nearest = queue_.Nearest(z);
  const Var neighbours = Scale(tape, tape.Constant(nearest), 1 / temperature_);
  const Var predictions = NormalizeRows(tape, prediction.value);
  Tensor own = Tensor::Uninitialized({n}, DType::kInt32);
  std::iota(own.ints(), own.ints() + n, 0);
  std::vector<Var> losses;
  int64_t found = 0;
  for (const ViewPair& pair : PairsOf(prediction, n)) {
    int64_t correct = 0;
    losses.push_back(SoftmaxCrossEntropyLoss(tape, BlockOf(tape, neighbours, pair.target, n),
                                             BlockOf(tape, predictions, pair.value, n), Var(), own,
                                             &correct));
    found += correct;
  }
  if (tape.recording()) queue_.PutBy(z.Rows(0, n));
  const auto compared = static_cast<double>(n) * static_cast<double>(losses.size());
  return {
      .loss = MeanOf(tape, losses),
      .weight = static_cast<double>(prediction.value.dim(0)),
      .metrics = {{"accuracy", static_cast<double>(found) / compared},
                  {"neighbour_cosine", SumOfProducts(z, nearest) / static_cast<double>(z.dim(0))}}};
}

std::optional<double> NnclrLoss::Chance(int64_t samples, int64_t) const {
  return std::log(static_cast<double>(samples));
}

std::optional<double> NnclrLoss::Floor(int64_t samples, int64_t) const {
  return std::log1p(static_cast<double>(samples - 1) * std::exp(-1.0 / temperature_));
}

PRETEXT_REGISTER_LOSS(NnclrLoss, Nnclr);

}  // namespace pretext
