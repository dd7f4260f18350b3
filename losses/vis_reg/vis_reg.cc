#include "losses/vis_reg/vis_reg.h"

#include <vector>

#include "core/ops/basic.h"
#include "losses/contrastive/contrastive_loss.h"
#include "losses/targets/targets.h"
#include "losses/vis_reg/sorted_quantiles.h"
#include "losses/vis_reg/vis_reg.pb.h"

namespace pretext {
namespace {

constexpr float kLeastEpsilon = 1e-8f;
// Below the rounding of any deviation that is not 0: it keeps the root's slope finite.
constexpr float kRootEpsilon = 1e-14f;

// The slices [M, D], each feature's share over its deviation: projections on them are those of the
// features over their deviations.
Tensor OverDeviations(const Tensor& slices, const Tensor& deviation, float epsilon) {
  Tensor scaled = slices.Clone();
  const int64_t features = slices.dim(1);
  for (int64_t m = 0; m < slices.dim(0); ++m) {
    float* const row = scaled.data() + m * features;
    for (int64_t d = 0; d < features; ++d) row[d] /= deviation.data()[d] + epsilon;
  }
  return scaled;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Loss>> VisRegLoss::Create(const VisReg& config,
                                                         const BuildContext& context) {
  FieldChecker check;
  check.InRange("lambda", config.lambda(), 0, 1);
  check.InRange("slices", config.slices(), 1, kMostSlices);
  check.NotNegative("scale_weight", config.scale_weight());
  check.NotNegative("shape_weight", config.shape_weight());
  check.NotNegative("center_weight", config.center_weight());
  check.AtLeast("epsilon", config.epsilon(), kLeastEpsilon);
  check.Shape(
      config.lambda() != 1 || config.scale_weight() != 0 || config.shape_weight() != 0 ||
          config.center_weight() != 0,
      "weighs none of its terms, so that the loss is 0 whatever the prediction: take a "
      "lambda below 1, or give scale_weight, shape_weight or center_weight a value above 0");
  CheckViewsAlone(context, check);
  if (!check.ok()) return check.status();
  return std::make_unique<VisRegLoss>(Options{.lambda = config.lambda(),
                                              .slices = config.slices(),
                                              .scale = config.scale_weight(),
                                              .shape = config.shape_weight(),
                                              .center = config.center_weight(),
                                              .epsilon = config.epsilon()});
}

LossResult VisRegLoss::Compute(Tape& tape, const Prediction& prediction, const Batch& batch) {
  const Var z = prediction.value;
  const int64_t n = batch.samples;
  const Tensor slices = SlicesOf(tape, position_, options_.slices, z.dim(1));
  std::vector<Var> scales, shapes, centers;
  for (int64_t v = 0; v < z.dim(0) / n; ++v) {
    const Var view = BlockOf(tape, z, v, n);
    const Var centered = CenterColumns(tape, view);
    const Var deviation =
        Sqrt(tape, Offset(tape, ColumnMean(tape, Square(tape, centered)), kRootEpsilon));
    const Tensor scaled = OverDeviations(slices, deviation.value(), options_.epsilon);
    const Var projections =
        MatMul(tape, centered, Transpose::kNo, tape.Constant(scaled), Transpose::kYes);
    scales.push_back(Mean(tape, Square(tape, Offset(tape, deviation, -1))));
    shapes.push_back(SortedQuantiles(tape, projections, n));
    centers.push_back(Mean(tape, Square(tape, ColumnMean(tape, view))));
  }
  const Var scale = MeanOf(tape, scales), shape = MeanOf(tape, shapes),
            center = MeanOf(tape, centers), invariance = DistanceToCenters(tape, prediction, n);
  const Var normality =
      Add(tape, Scale(tape, scale, options_.scale),
          Add(tape, Scale(tape, shape, options_.shape), Scale(tape, center, options_.center)));
  return {.loss = Add(tape, Scale(tape, invariance, 1 - options_.lambda),
                      Scale(tape, normality, options_.lambda)),
          .weight = static_cast<double>(z.dim(0)),
          .metrics = {{"invariance", invariance.value().item()},
                      {"scale", scale.value().item()},
                      {"shape", shape.value().item()},
                      {"center", center.value().item()}}};
}

PRETEXT_REGISTER_LOSS(VisRegLoss, VisReg);

}  // namespace pretext
