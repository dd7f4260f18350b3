#include "pipelines/new_plugin/templates/loss/sketch/sketch.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/ops/basic.h"
#include "pipelines/new_plugin/templates/loss/sketch/sketch.pb.h"

namespace custom {

using pretext::FlowType;
using pretext::Var;

absl::StatusOr<std::unique_ptr<pretext::Loss>> SketchLoss::Create(
    const Sketch& config, const pretext::BuildContext& context) {
  pretext::FieldChecker check;
  check.NotNegative("weight", config.weight());
  pretext::CheckFlow(context.input, {FlowType::Kind::kVector}, "compares vectors; the head gives",
                     check);
  check.Shape(context.views == 2,
              absl::StrCat("compares two views; views.count is ", context.views));
  if (!check.ok()) return check.status();
  return std::make_unique<SketchLoss>(config.weight(), context.input.features);
}

pretext::LossResult SketchLoss::Compute(pretext::Tape& tape, const pretext::Prediction& prediction,
                                        const pretext::Batch& batch) {
  const int64_t n = batch.samples;
  // Of one sample there are none.
  const auto pairs = static_cast<float>(std::max<int64_t>(1, n * (n - 1)));
  // Rows are view-major: those of the first view come first.
  const Var z = pretext::NormalizeRows(tape, prediction.value);
  const Var a = pretext::Slice(tape, z, 0, n), b = pretext::Slice(tape, z, n, 2 * n);
  const Var s = pretext::MatMul(tape, a, pretext::Transpose::kNo, b, pretext::Transpose::kYes);
  const Var alike = pretext::Mean(tape, pretext::Diagonal(tape, s));
  const Var apart = pretext::Scale(tape, pretext::OffDiagonalSquares(tape, s), 1 / pairs);
  return {.loss = pretext::Add(tape, pretext::Scale(tape, alike, -2),
                               pretext::Scale(tape, apart, weight_)),
          .weight = static_cast<double>(n),
          .metrics = {{"alike", alike.value().item()}, {"apart", apart.value().item()}}};
}

std::optional<double> SketchLoss::Chance(int64_t, int64_t) const {
  return weight_ / static_cast<double>(features_);
}

std::optional<double> SketchLoss::Floor(int64_t, int64_t) const { return -2; }

PRETEXT_REGISTER_LOSS(SketchLoss, Sketch);

}  // namespace custom
