#include "pipelines/train/update.h"

#include <omp.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>

#include "absl/strings/str_cat.h"
#include "core/autograd/gradient_norm.h"
#include "core/plugin/ramp_field.h"
#include "core/tensor/finite.h"
#include "core/tensor/memory_pool.h"
#include "pipelines/model/passes.h"
#include "pipelines/text/pipeline.pb.h"
#include "pipelines/train/block_pass.h"

namespace pretext {
namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

Updater::Updater(Assembled& parts, const TrainPlan& plan, Processes& processes)
    : parts_(parts), plan_(plan), measures_(processes.rank() == 0) {
  parts.Allocate(parts.config->train().seed());
  if (parts.config->train().blocks() == 0) {
    pass_ = std::make_unique<UndividedPass>(parts);
  } else {
    pass_ = std::make_unique<BlockPass>(parts, processes, omp_get_max_threads());
  }
  MemoryPool::SetCompact(parts.config->train().gradient_checkpointing());
  parameters_ = parts.trained_parameters();
  frozen_ = FrozenForATime(*parts.config, parts, plan.StepsPerEpoch());
  parts.optimizer->Attach(parameters_);
  const double decay = parts.optimizer->weight_decay().value_or(0);
  if (parts.config->schedule().has_weight_decay())
    weight_decay_ = ToSchedule(parts.config->schedule().weight_decay(), decay);
}

void Updater::Seek(const Cursor& cursor) {
  pass_->Seek(cursor.batches / plan_.batches_per_epoch, cursor.batches % plan_.batches_per_epoch);
  // An evaluation that is due now is that of the step before.
  if (cursor.step > 0) parts_.loss->BeginStep(plan_.PositionOf(cursor.step));
}

absl::Status Updater::AddGradients(Cursor& cursor, bool monitored, UpdateFigures& figures) {
  const auto& train = parts_.config->train();
  pass_->BeginStep(plan_.PositionOf(cursor.step + 1));
  for (int64_t i = 0; i < plan_.accumulate; ++i) {
    const ForwardContext context{.training = true,
                                 .gradient_checkpointing = train.gradient_checkpointing(),
                                 .batch_norm = parts_.batch_norm(),
                                 .precision = parts_.precision(),
                                 .seed = train.seed(),
                                 .epoch = static_cast<uint32_t>(plan_.WholeEpochs(cursor.batches)),
                                 .step = static_cast<uint64_t>(cursor.batches)};
    const bool keep = monitored && i == 0;
    const absl::StatusOr<StepResult> pass =
        pass_->Run(context, reduction(), keep, /*last=*/i + 1 == plan_.accumulate);
    if (!pass.ok()) return pass.status();
    const StepResult& result = *pass;
    if (!result.non_finite.empty()) {
      return absl::FailedPreconditionError(absl::StrCat(
          "the loss is ", result.loss, " at step ", cursor.step + 1, ": ", result.non_finite,
          ". The last good checkpoint, if there is one, is kept; a smaller learning rate, a longer "
          "warmup or "
          "train { clip_norm: 1 } often helps"));
    }
    figures.loss_sum += result.weight * result.loss;
    figures.weight += result.weight;
    figures.items += pass_->batch().samples * plan_.items_per_row;
    ++cursor.batches;
    if (!keep || !measures_) continue;
    for (const auto& [name, value] : result.metrics) figures.metrics.emplace_back(name, value);
    const Batch seen = BatchOfLoss(parts_, pass_->batch());
    for (auto& metric : monitor_.Measure(result.h, result.z, seen, parts_.loss->takes_target())) {
      figures.metrics.push_back(std::move(metric));
    }
  }
  return pass_->EndStep();
}

absl::StatusOr<double> Updater::GradientScale(int64_t step, UpdateFigures& figures) {
  // Without any item loss and gradient are 0.
  const bool sums = reduction() == Reduction::kSum && figures.weight > 0;
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
    return absl::FailedPreconditionError(absl::StrCat(
        "the gradient is not finite at step ", step, ": ", FirstNonFiniteGradient(parameters_),
        ". The last good checkpoint, if there is one, is kept"));
  }
  return most > 0 && figures.gradient_norm > most ? scale * (most / figures.gradient_norm) : scale;
}

void Updater::Move(int64_t step, double learning_rate, double scale) {
  if (frozen_.empty()) return parts_.optimizer->Step(step, learning_rate, scale);
  std::map<int64_t, std::vector<Parameter*>> groups;  // by the steps that they were kept for
  for (const FrozenFor& frozen : frozen_) {
    if (!frozen.parameter->has_gradient) continue;
    groups[frozen.steps].push_back(frozen.parameter);
    frozen.parameter->has_gradient = false;
  }
  // The others; nothing else is left to be seen.
  for (Parameter* p : parameters_) {
    if (p->has_gradient) groups[0].push_back(p);
    p->has_gradient = false;
  }
  for (const auto& [steps, group] : groups) {
    for (Parameter* p : group) p->has_gradient = true;
    parts_.optimizer->Step(step - steps, learning_rate, scale);
    for (Parameter* p : group) p->has_gradient = false;
  }
  for (const auto& [steps, group] : groups) {
    for (Parameter* p : group) p->has_gradient = true;
  }
}

absl::Status Updater::CheckParameters(int64_t step, double learning_rate) const {
  for (const Parameter* p : parameters_) {
    if (IsFinite(p->value)) continue;
    const int64_t at = FirstNonFinite(p->value);
    return absl::FailedPreconditionError(
        absl::StrCat("the update at step ", step, " is not finite: ", p->name, ", element ", at,
                     " is ", p->value.Plain().data()[at], " with a learning rate of ",
                     learning_rate, ". The last good checkpoint, if there is one, is kept"));
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
  Move(step, figures.learning_rate, *scale);
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
