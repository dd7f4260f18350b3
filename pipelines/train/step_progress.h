// What a person is told of a training while it goes on.
#pragma once

#include "pipelines/checkpoint/checkpoint.h"
#include "pipelines/run/progress.h"
#include "pipelines/train/metrics_log.h"
#include "pipelines/train/train_plan.h"

namespace pretext {

class StepProgress {
 public:
  // All outlive it.
  StepProgress(const TrainPlan& plan, const MetricsLog& log, Progress& progress)
      : plan_(plan), log_(log), progress_(progress) {}

  // To be called after every step. `data_seconds`: those spent on samples since the beginning.
  // `stays`: the line is not drawn over (the end of an epoch).
  void Show(const Cursor& cursor, double data_seconds, bool stays);

  // Of a step.
  void AddSeconds(double seconds) { seconds_ += seconds; }

 private:
  const TrainPlan& plan_;
  const MetricsLog& log_;
  Progress& progress_;
  double seconds_ = 0;  // of all steps
};

}  // namespace pretext
