#include "losses/vic_reg/vic_reg.h"

#include <algorithm>
#include <vector>

#include "core/ops/basic.h"
#include "losses/contrastive/contrastive_loss.h"
#include "losses/vic_reg/vic_reg.pb.h"

namespace pretext {
namespace {

constexpr float kEpsilon = 1e-4f;

// 1/D Σ max(0, 1 - √(Var + ε)) of a view less its mean; Var divides by `degrees`.
Var Variance(Tape& tape, Var centered, float degrees) {
  const Var biased = ColumnMean(tape, Square(tape, centered));
  const Var variance = Scale(tape, biased, static_cast<float>(centered.dim(0)) / degrees);
  const Var deviation = Sqrt(tape, Offset(tape, variance, kEpsilon));
  const Var missing = Offset(tape, Scale(tape, deviation, -1), 1);
  return Mean(tape, Activate(tape, missing, Activation::kRelu));
}

// 2/D Σ_{i≠j} Cov_ij².
Var Covariance(Tape& tape, Var centered, float degrees) {
  const Var covariance =
      MatMul(tape, centered, Transpose::kYes, centered, Transpose::kNo, 1 / degrees);
  return Scale(tape, OffDiagonalSquares(tape, covariance), 2 / static_cast<float>(centered.dim(1)));
}

// 1/(N D) Σ |a - b|².
Var Invariance(Tape& tape, Var a, Var b) {
  const Var difference = Subtract(tape, a, b);
  return Scale(tape, SumOfSquares(tape, difference),
               1 / static_cast<float>(difference.value().size()));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Loss>> VicRegLoss::Create(const VicReg& config,
                                                         const BuildContext& context) {
  FieldChecker check;
  check.NotNegative("invariance_weight", config.invariance_weight());
  check.NotNegative("variance_weight", config.variance_weight());
  check.NotNegative("covariance_weight", config.covariance_weight());
  check.Shape(config.invariance_weight() != 0 || config.variance_weight() != 0 ||
                  config.covariance_weight() != 0,
              "weighs none of its terms, so that the loss is 0 whatever the prediction: give "
              "invariance_weight, variance_weight or covariance_weight a value above 0");
  CheckComparedViews(context, /*least_views=*/2, check);
  if (!check.ok()) return check.status();
  return std::make_unique<VicRegLoss>(
      Weights{config.invariance_weight(), config.variance_weight(), config.covariance_weight()});
}

LossResult VicRegLoss::Compute(Tape& tape, const Prediction& prediction, const Batch& batch) {
  const std::vector<Var> views = SliceViews(tape, prediction.value, batch);
  const auto degrees = static_cast<float>(std::max<int64_t>(1, batch.samples - 1));
  std::vector<Var> invariances, variances, covariances;
  for (size_t a = 0; a < views.size(); ++a) {
    const Var centered = CenterColumns(tape, views[a]);
    variances.push_back(Variance(tape, centered, degrees));
    covariances.push_back(Covariance(tape, centered, degrees));
    for (size_t b = a + 1; b < views.size(); ++b)
      invariances.push_back(Invariance(tape, views[a], views[b]));
  }
  const Var invariance = MeanOf(tape, invariances), variance = MeanOf(tape, variances),
            covariance = MeanOf(tape, covariances);
  const Var regularisation = Add(tape, Scale(tape, variance, weights_.variance),
                                 Scale(tape, covariance, weights_.covariance));
  return {.loss = Add(tape, Scale(tape, invariance, weights_.invariance), regularisation),
          .weight = static_cast<double>(batch.rows()),
          .metrics = {{"invariance", invariance.value().item()},
                      {"variance", variance.value().item()},
                      {"covariance", covariance.value().item()}}};
}

PRETEXT_REGISTER_LOSS(VicRegLoss, VicReg);

}  // namespace pretext
