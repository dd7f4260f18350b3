#include "losses/sig_reg/sig_reg.h"

#include "core/ops/basic.h"
#include "losses/contrastive/contrastive_loss.h"
#include "losses/sig_reg/epps_pulley.h"
#include "losses/sig_reg/sig_reg.pb.h"
#include "losses/targets/targets.h"

namespace pretext {
namespace {

constexpr float kLeastRange = 1e-3f, kMostRange = 100;

}  // namespace

absl::StatusOr<std::unique_ptr<Loss>> SigRegLoss::Create(const SigReg& config,
                                                         const BuildContext& context) {
  FieldChecker check;
  check.InRange("lambda", config.lambda(), 0, 1);
  check.InRange("slices", config.slices(), 1, kMostSlices);
  check.InRange("knots", config.knots(), 2, kMaxCount);
  check.InRange("range", config.range(), kLeastRange, kMostRange);
  CheckViewsAlone(context, check);
  if (!check.ok()) return check.status();
  return std::make_unique<SigRegLoss>(Options{.lambda = config.lambda(),
                                              .slices = config.slices(),
                                              .knots = config.knots(),
                                              .range = config.range()});
}

LossResult SigRegLoss::Compute(Tape& tape, const Prediction& prediction, const Batch& batch) {
  const Var z = prediction.value;
  const Tensor slices = SlicesOf(tape, position_, options_.slices, z.dim(1));
  const Var projections = MatMul(tape, z, Transpose::kNo, tape.Constant(slices), Transpose::kYes);
  const EppsPulley test{.samples = batch.samples, .knots = options_.knots, .range = options_.range};
  const Var normality = test(tape, projections);
  const Var invariance = DistanceToCenters(tape, prediction, batch.samples);
  return {.loss = Add(tape, Scale(tape, invariance, 1 - options_.lambda),
                      Scale(tape, normality, options_.lambda)),
          .weight = static_cast<double>(z.dim(0)),
          .metrics = {{"invariance", invariance.value().item()},
                      {"sig_reg", normality.value().item()}}};
}

PRETEXT_REGISTER_LOSS(SigRegLoss, SigReg);

}  // namespace pretext
