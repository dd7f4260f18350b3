#include "pipelines/train/train_plan.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "pipelines/assembly/sections.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {
namespace {

LearningRateSchedule MakeSchedule(const Pipeline& config, const TrainPlan& plan) {
  const auto& s = config.schedule();
  LearningRateSchedule schedule{.final_fraction = s.final_fraction(),
                                .total_steps = plan.total_steps};
  switch (s.decay()) {
    case Pipeline::Schedule::CONSTANT:
      schedule.decay = LearningRateSchedule::Decay::kConstant;
      break;
    case Pipeline::Schedule::LINEAR:
      schedule.decay = LearningRateSchedule::Decay::kLinear;
      break;
    case Pipeline::Schedule::COSINE:
      schedule.decay = LearningRateSchedule::Decay::kCosine;
      break;
  }
  if (s.has_warmup_epochs()) {
    schedule.warmup_steps =
        std::llround(s.warmup_epochs() * static_cast<double>(plan.batches_per_epoch) /
                     static_cast<double>(plan.accumulate));
  } else {
    schedule.warmup_steps = s.warmup_steps();
  }
  return schedule;
}

}  // namespace

absl::StatusOr<TrainPlan> PlanTraining(const Assembled& parts) {
  const Pipeline& config = *parts.config;
  const auto& train = config.train();
  const int64_t samples = parts.dataset->size(Split::kTrain);
  TrainPlan plan;
  plan.batches_per_epoch = train.drop_last()
                               ? samples / train.batch_size()
                               : (samples + train.batch_size() - 1) / train.batch_size();
  if (plan.batches_per_epoch == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("train.batch_size: ", train.batch_size(), " is more than the ", samples,
                     " training samples; make it smaller, or set drop_last: false"));
  }
  plan.accumulate = train.accumulate();
  plan.total_steps =
      train.has_steps()
          ? train.steps()
          : std::max<int64_t>(1, train.epochs() * plan.batches_per_epoch / plan.accumulate);
  plan.items_per_row = parts.view.is(FlowType::Kind::kTokens) ? parts.view.tokens : 1;
  plan.base_learning_rate = parts.optimizer->learning_rate() * LearningRateScale(config);
  plan.schedule = MakeSchedule(config, plan);
  return plan;
}

}  // namespace pretext
