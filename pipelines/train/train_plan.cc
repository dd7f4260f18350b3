#include "pipelines/train/train_plan.h"

#include "pipelines/assembly/run_length.h"
#include "pipelines/assembly/sections.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {
namespace {

LearningRateSchedule MakeSchedule(const Pipeline& config, const RunLength& length) {
  const auto& s = config.schedule();
  LearningRateSchedule schedule{.final_fraction = s.final_fraction(),
                                .warmup_steps = length.warmup_steps,
                                .total_steps = length.steps};
  switch (s.decay()) {
    case Pipeline::Schedule::CONSTANT:
      schedule.decay = Decay::kConstant;
      break;
    case Pipeline::Schedule::LINEAR:
      schedule.decay = Decay::kLinear;
      break;
    case Pipeline::Schedule::COSINE:
      schedule.decay = Decay::kCosine;
      break;
  }
  return schedule;
}

}  // namespace

TrainPlan PlanTraining(const Assembled& parts) {
  const Pipeline& config = *parts.config;
  const RunLength length = LengthOfRun(config, parts.dataset->size(Split::kTrain));
  TrainPlan plan;
  plan.batches_per_epoch = length.batches_per_epoch;
  plan.accumulate = config.train().accumulate();
  plan.total_steps = length.steps;
  plan.seed = config.train().seed();
  plan.items_per_row = parts.view.is(FlowType::Kind::kTokens) ? parts.view.tokens : 1;
  plan.base_learning_rate = parts.optimizer->learning_rate() * LearningRateScale(config);
  plan.schedule = MakeSchedule(config, length);
  return plan;
}

}  // namespace pretext
