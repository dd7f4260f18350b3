// When a run is evaluated on its way, and what is told of it.
#pragma once

#include "absl/status/status.h"
#include "pipelines/assembly/assembly.h"
#include "pipelines/evaluate/evaluation.h"
#include "pipelines/run/progress.h"
#include "pipelines/run/stop_request.h"
#include "pipelines/train/metrics_log.h"
#include "pipelines/train/train_plan.h"

namespace pretext {

class Evaluator {
 public:
  // All outlive it.
  Evaluator(Assembled& parts, const TrainPlan& plan, MetricsLog& log, Progress& progress,
            StopRequest& stop)
      : parts_(parts),
        plan_(plan),
        log_(log),
        progress_(progress),
        stop_(stop),
        evaluation_(parts) {}

  // Whether an evaluation is due after the step that `cursor` stands behind; `epoch_ended`: and
  // that was the last of an epoch.
  bool IsDue(const Cursor& cursor, bool epoch_ended) const;
  // Measures, says and logs the figures. The checkpoint is written. Cancelled, and nothing logged,
  // when a stop was asked for meanwhile.
  absl::Status Evaluate(const Cursor& cursor);

 private:
  Assembled& parts_;
  const TrainPlan& plan_;
  MetricsLog& log_;
  Progress& progress_;
  StopRequest& stop_;
  Evaluation evaluation_;
};

}  // namespace pretext
