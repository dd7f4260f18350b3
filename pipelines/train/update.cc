#include "pipelines/train/update.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/autograd/gradient_norm.h"
#include "core/plugin/ramp_field.h"
#include "core/tensor/finite.h"
#include "pipelines/model/passes.h"
#include "pipelines/text/pipeline.pb.h"
#include "pipelines/text/precision.h"

namespace pretext {
namespace {

using Clock = std::chrono::steady_clock;

LoaderOptions TrainingBatches(const Assembled& parts) {
  const auto& train = parts.config->train();
  return {.split = Split::kTrain,
          .batch_size = train.batch_size(),
          .shuffle = true,
          .drop_last = train.drop_last(),
          .seed = train.seed(),
          .prefetch = train.prefetch(),
          .views = parts.chains,
          .groups = parts.group_sizes(),
          .clean = parts.loss->needs_clean()};
}

// A loss weighs what it is the mean of: gradients of sums, over the total weight, are the gradient
// of the mean over all items. One batch's needs no weighing.
Reduction ReductionOf(const TrainPlan& plan) {
  return plan.accumulate > 1 ? Reduction::kSum : Reduction::kMean;
}

}  // namespace

Updater::Updater(Assembled& parts, const TrainPlan& plan)
    : parts_(parts),
      plan_(plan),
      loader_(*parts.dataset, TrainingBatches(parts)),
      step_(parts, parts.config->train().chunk()) {
  parts.Allocate(parts.config->train().seed());
  parameters_ = parts.trained_parameters();
  frozen_ = FrozenForATime(*parts.config, parts, plan.StepsPerEpoch());
  parts.optimizer->Attach(parameters_);
  const double decay = parts.optimizer->weight_decay().value_or(0);
  if (parts.config->schedule().has_weight_decay())
    weight_decay_ = ToSchedule(parts.config->schedule().weight_decay(), decay);
}

void Updater::Seek(const Cursor& cursor) {
  loader_.Seek(cursor.batches / plan_.batches_per_epoch, cursor.batches % plan_.batches_per_epoch);
  // An evaluation that is due now is that of the step before.
  if (cursor.step > 0) parts_.loss->BeginStep(plan_.PositionOf(cursor.step));
}

absl::Status Updater::AddGradients(Cursor& cursor, bool monitored, UpdateFigures& figures) {
  const auto& train = parts_.config->train();
  parts_.BeginStep(plan_.PositionOf(cursor.step + 1));
  for (int64_t i = 0; i < plan_.accumulate; ++i) {
    if (absl::Status status = loader_.Next(batch_); !status.ok()) return status;
    const ForwardContext context{.training = true,
                                 .batch_norm = train.batch_norm() == Pipeline::Train::PER_VIEW
                                                   ? BatchNormScope::kPerView
                                                   : BatchNormScope::kAllViews,
                                 .precision = PrecisionOf(train),
                                 .seed = train.seed(),
                                 .epoch = static_cast<uint32_t>(plan_.WholeEpochs(cursor.batches)),
                                 .step = static_cast<uint64_t>(cursor.batches)};
    const bool keep = monitored && i == 0;
    StepResult result = step_.Run(batch_, context, ReductionOf(plan_), keep);
    if (!result.non_finite.empty()) {
      return absl::FailedPreconditionError(absl::StrCat(
          "the loss is ", result.loss, " at step ", cursor.step + 1, ": ", result.non_finite,
          ". The last good checkpoint is kept; a smaller learning rate, a longer warmup or "
          "train { clip_norm: 1 } often helps"));
    }
    figures.loss_sum += result.weight * result.loss;
    figures.weight += result.weight;
    figures.items += batch_.samples * plan_.items_per_row;
    ++cursor.batches;
    if (!keep) continue;
    for (const auto& [name, value] : result.metrics) figures.metrics.emplace_back(name, value);
    for (auto& metric : monitor_.Measure(result.h, result.z, BatchOfLoss(parts_, batch_))) {
      figures.metrics.push_back(std::move(metric));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<double> Updater::GradientScale(int64_t step, UpdateFigures& figures) {
  // Without any item loss and gradient are 0.
  const bool sums = ReductionOf(plan_) == Reduction::kSum && figures.weight > 0;
  const double scale = sums ? 1 / figures.weight : 1;
  // Whether it is clipped or not: an update that is not finite is not made.
  const double most = parts_.config->train().clip_norm();
  if (most > 0) figures.gradient_norm = GlobalGradientNorm(parameters_) * scale;
  const auto is_finite = [](const Parameter* p) {
    return !p->has_gradient || IsFinite(p->gradient);
  };
  const bool finite = most > 0 ? std::isfinite(figures.gradient_norm)
                               : std::all_of(parameters_.begin(), parameters_.end(), is_finite);
  if (!finite) {
    return absl::FailedPreconditionError(absl::StrCat("the gradient is not finite at step ", step,
                                                      ": ", FirstNonFiniteGradient(parameters_),
                                                      ". The last good checkpoint is kept"));
  }
  return most > 0 && figures.gradient_norm > most ? scale * (most / figures.gradient_norm) : scale;
}

absl::Status Updater::CheckParameters(int64_t step, double learning_rate) const {
  for (const Parameter* p : parameters_) {
    if (IsFinite(p->value)) continue;
    const int64_t at = FirstNonFinite(p->value);
    return absl::FailedPreconditionError(
        absl::StrCat("the update at step ", step, " is not finite: ", p->name, ", element ", at,
                     " is ", p->value.Plain().data()[at], " with a learning rate of ",
                     learning_rate, ". The last good checkpoint is kept"));
  }
  return absl::OkStatus();
}

absl::StatusOr<UpdateFigures> Updater::Update(Cursor& cursor, bool monitored) {
  const Clock::time_point start = Clock::now();
  const double data_before = data_seconds();
  UpdateFigures figures;
  if (absl::Status s = AddGradients(cursor, monitored, figures); !s.ok()) return s;
  const int64_t step = cursor.step + 1;
  const RunPosition position = plan_.PositionOf(step);
  for (const FrozenFor& frozen : frozen_) {
    if (step <= frozen.steps) frozen.parameter->has_gradient = false;
  }
  const absl::StatusOr<double> scale = GradientScale(step, figures);
  if (!scale.ok()) return scale.status();
  figures.learning_rate = plan_.LearningRate(step);
  if (weight_decay_) parts_.optimizer->set_weight_decay(weight_decay_->At(position));
  parts_.optimizer->Step(step, figures.learning_rate, *scale);
  parts_.EndStep(position);
  // Else it is seen at the next loss, or when a checkpoint is to be written.
  if (monitored) {
    if (absl::Status s = CheckParameters(step, figures.learning_rate); !s.ok()) return s;
  }
  cursor.step = step;
  figures.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  figures.data_seconds = data_seconds() - data_before;
  return figures;
}

}  // namespace pretext
