// When a run is evaluated on its way, and what is told of it.
#pragma once

#include "absl/status/status.h"
#include "pipelines/assembly/assembly.h"
#include "pipelines/evaluate/evaluation.h"
#include "pipelines/run/progress.h"
#include "pipelines/train/metrics_log.h"
#include "pipelines/train/train_plan.h"

namespace pretext {

class Evaluator {
 public:
  // All outlive it.
  Evaluator(Assembled& parts, const TrainPlan& plan, MetricsLog& log, Progress& progress)
      : parts_(parts), plan_(plan), log_(log), progress_(progress), evaluation_(parts) {}

  // Whether an evaluation is due after the step that `cursor` stands behind; `epoch_ended`: and
  // that was the last of an epoch.
  bool IsDue(const Cursor& cursor, bool epoch_ended) const;
  // Measures, says and logs the figures.
  absl::Status Evaluate(const Cursor& cursor);

 private:
  Assembled& parts_;
  const TrainPlan& plan_;
  MetricsLog& log_;
  Progress& progress_;
  Evaluation evaluation_;
};

}  // namespace pretext
