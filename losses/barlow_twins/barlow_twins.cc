#include "losses/barlow_twins/barlow_twins.h"

#include <vector>

#include "core/ops/basic.h"
#include "losses/barlow_twins/barlow_twins.pb.h"
#include "losses/contrastive/contrastive_loss.h"

namespace pretext {
namespace {

constexpr float kEpsilon = 1e-5f;

}  // namespace

absl::StatusOr<std::unique_ptr<Loss>> BarlowTwinsLoss::Create(const BarlowTwins& config,
                                                              const BuildContext& context) {
  FieldChecker check;
  check.NotNegative("off_diagonal_weight", config.off_diagonal_weight());
  CheckComparedViews(context, /*least_views=*/2, check);
  if (!check.ok()) return check.status();
  return std::make_unique<BarlowTwinsLoss>(config.off_diagonal_weight());
}

LossResult BarlowTwinsLoss::Compute(Tape& tape, const Prediction& prediction, const Batch& batch) {
  std::vector<Var> views = SliceViews(tape, prediction.value, batch);
  for (Var& view : views) view = StandardizeColumns(tape, view, kEpsilon);
  const float inverse_n = 1.0f / static_cast<float>(batch.samples);
  std::vector<Var> losses;
  for (size_t a = 0; a < views.size(); ++a) {
    for (size_t b = a + 1; b < views.size(); ++b) {
      const Var correlation =
          MatMul(tape, views[a], Transpose::kYes, views[b], Transpose::kNo, inverse_n);
      const Var missing = Offset(tape, Diagonal(tape, correlation), -1);
      losses.push_back(Add(tape, SumOfSquares(tape, missing),
                           Scale(tape, OffDiagonalSquares(tape, correlation), weight_)));
    }
  }
  return {.loss = MeanOf(tape, losses), .weight = static_cast<double>(batch.rows())};
}

PRETEXT_REGISTER_LOSS(BarlowTwinsLoss, BarlowTwins);

}  // namespace pretext
