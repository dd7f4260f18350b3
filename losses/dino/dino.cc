#include "losses/dino/dino.h"

#include <cmath>

#include "core/plugin/ramp_field.h"
#include "kernels/reduce/column_sum.h"
#include "losses/contrastive/contrastive_loss.h"
#include "losses/dino/dino.pb.h"
#include "losses/soft_targets/soft_targets.h"
#include "losses/targets/targets.h"

namespace pretext {
namespace {

constexpr double kTeacherTemperature = 0.04;
constexpr double kMostTemperature = 100;

}  // namespace

absl::StatusOr<std::unique_ptr<Loss>> DinoLoss::Create(const Dino& config,
                                                       const BuildContext& context) {
  FieldChecker check;
  check.AtLeast("student_temperature", config.student_temperature(), kLeastTemperature);
  CheckRamp("teacher_temperature", config.teacher_temperature(), kLeastTemperature,
            kMostTemperature, check);
  check.InHalfOpenRange("center_momentum", config.center_momentum(), 0, 1);
  CheckTarget(context, check);
  if (!check.ok()) return check.status();
  return std::make_unique<DinoLoss>(
      Options{.scores = context.input.features,
              .student_temperature = config.student_temperature(),
              .teacher_temperature = ToSchedule(config.teacher_temperature(), kTeacherTemperature),
              .center_momentum = config.center_momentum(),
              .center = config.center()});
}

DinoLoss::DinoLoss(const Options& options)
    : options_(options), temperature_(static_cast<float>(options.teacher_temperature.from)) {
  if (options.center) center_ = parameters().AddBuffer("center", {options.scores}, 0);
}

void DinoLoss::BeginStep(const RunPosition& position) {
  temperature_ = static_cast<float>(options_.teacher_temperature.At(position));
  rows_ = 0;
}

LossResult DinoLoss::Compute(Tape& tape, const Prediction& prediction, const Batch& batch) {
  const Tensor scores = prediction.target.value().Plain();
  double entropy = 0;
  const Tensor shares =
      SoftmaxOfRows(scores, center_ != nullptr ? center_->value : Tensor(), temperature_, &entropy);
  if (tape.recording() && center_ != nullptr) {
    if (!sum_.defined()) sum_ = Tensor::Uninitialized({options_.scores});
    ColumnSum(scores.dim(0), options_.scores, scores.data(), /*accumulate=*/rows_ > 0, sum_.data());
    rows_ += scores.dim(0);
  }
  return {
      .loss = SoftCrossEntropy(tape, prediction.value, shares, PairsOf(prediction, batch.samples),
                               batch.samples, options_.student_temperature),
      .weight = static_cast<double>(prediction.value.dim(0)),
      .metrics = {{"teacher_entropy", entropy},
                  {"teacher_temperature", temperature_},
                  // A single sample uses what it uses.
                  {"used_scores", batch.samples > 1 ? EffectiveCount(shares)
                                                    : static_cast<double>(options_.scores)}}};
}

void DinoLoss::AfterStep() {
  if (rows_ > 0 && !center_->frozen) {
    const float keep = options_.center_momentum;
    const float take = (1 - keep) / static_cast<float>(rows_);
    float* const center = center_->value.data();
    for (int64_t k = 0; k < options_.scores; ++k) {
      center[k] = keep * center[k] + take * sum_.data()[k];
    }
  }
  rows_ = 0;
}

std::optional<double> DinoLoss::Chance(int64_t, int64_t) const {
  return std::log(static_cast<double>(options_.scores));
}

PRETEXT_REGISTER_LOSS(DinoLoss, Dino);

}  // namespace pretext
