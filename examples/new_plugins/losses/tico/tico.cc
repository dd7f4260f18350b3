#include "losses/tico/tico.h"

#include <algorithm>
#include <vector>

#include "core/ops/basic.h"
#include "losses/contrastive/contrastive_loss.h"
#include "losses/tico/tico.pb.h"

namespace pretext {

absl::StatusOr<std::unique_ptr<Loss>> TicoLoss::Create(const Tico& config,
                                                       const BuildContext& context) {
  FieldChecker check;
  check.InHalfOpenRange("covariance_momentum", config.covariance_momentum(), 0, 1);
  check.NotNegative("contrast_weight", config.contrast_weight());
  CheckComparedViews(context, /*least_views=*/2, check);
  if (!check.ok()) return check.status();
  return std::make_unique<TicoLoss>(config.covariance_momentum(), config.contrast_weight(),
                                    context.input.features);
}

TicoLoss::TicoLoss(float momentum, float weight, int64_t features)
    : momentum_(momentum),
      weight_(weight),
      covariance_(parameters().AddBuffer("covariance", {features, features}, 0)) {}

LossResult TicoLoss::Compute(Tape& tape, const Prediction& prediction, const Batch& batch) {
  const Var unit = NormalizeRows(tape, prediction.value);
  const auto rows = static_cast<float>(unit.dim(0));

  Tape values(/*recording=*/false);
  const Var constant = values.Constant(unit.value());
  Tensor covariance =
      MatMul(values, constant, Transpose::kYes, constant, Transpose::kNo, (1 - momentum_) / rows)
          .value();
  AddInPlace(covariance, covariance_->value, momentum_);
  if (tape.recording()) next_ = covariance;

  const std::vector<Var> views = SliceViews(tape, unit, batch);
  std::vector<Var> products;
  for (size_t a = 0; a < views.size(); ++a) {
    for (size_t b = a + 1; b < views.size(); ++b)
      products.push_back(Sum(tape, Multiply(tape, views[a], views[b])));
  }
  const Var closeness = Scale(tape, MeanOf(tape, products), 1 / static_cast<float>(batch.samples));
  const Var filled = MatMul(tape, unit, Transpose::kNo, tape.Constant(covariance), Transpose::kNo);
  const Var contrast = Scale(tape, Sum(tape, Multiply(tape, filled, unit)), weight_ / rows);
  return {.loss = Offset(tape, Subtract(tape, contrast, closeness), 1),
          .weight = static_cast<double>(batch.rows())};
}

void TicoLoss::AfterStep() {
  if (next_.defined() && !covariance_->frozen) {
    std::copy_n(next_.data(), next_.size(), covariance_->value.data());
  }
  next_ = Tensor();
}

PRETEXT_REGISTER_LOSS(TicoLoss, Tico);

}  // namespace pretext
