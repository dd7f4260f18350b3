// What a pipeline and its data come to: how many steps, in which epochs, at which rates.
#pragma once

#include <cstdint>

#include "core/flow/schedule.h"
#include "pipelines/assembly/assembly.h"

namespace pretext {

struct TrainPlan {
  int64_t batches_per_epoch = 0;
  int64_t accumulate = 1;     // batches a step
  int64_t total_steps = 0;    // updates of the parameters
  int64_t items_per_row = 1;  // what is counted a second: tokens for text, else samples
  uint64_t seed = 0;
  double base_learning_rate = 0;
  LearningRateSchedule schedule;

  // Of step 1 and on.
  double LearningRate(int64_t step) const { return base_learning_rate * schedule.Factor(step); }
  // Whether the step that ended with so many batches was the last of an epoch.
  bool EndsEpoch(int64_t batches) const {
    return batches > 0 && WholeEpochs(batches) > WholeEpochs(batches - accumulate);
  }
  double StepsPerEpoch() const {
    return static_cast<double>(batches_per_epoch) / static_cast<double>(accumulate);
  }
  // Of step 1 and on.
  RunPosition PositionOf(int64_t step) const {
    return {
        .step = step, .total_steps = total_steps, .steps_per_epoch = StepsPerEpoch(), .seed = seed};
  }
  // Epochs that are over after so many batches.
  int64_t WholeEpochs(int64_t batches) const { return batches / batches_per_epoch; }
  double Epochs(int64_t batches) const {
    return static_cast<double>(batches) / static_cast<double>(batches_per_epoch);
  }
  // Those of all steps, a begun one included.
  int64_t total_epochs() const {
    return (total_steps * accumulate + batches_per_epoch - 1) / batches_per_epoch;
  }
};

// The dataset is loaded, and CheckAgainstData found no fault.
TrainPlan PlanTraining(const Assembled& parts);

}  // namespace pretext
