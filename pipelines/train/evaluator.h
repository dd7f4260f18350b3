// When a run is evaluated on its way, and what is told of it.
#pragma once

#include "absl/status/statusor.h"
#include "pipelines/assembly/assembly.h"
#include "pipelines/checkpoint/checkpoint.h"
#include "pipelines/evaluate/evaluation.h"
#include "pipelines/run/progress.h"
#include "pipelines/run/stop_request.h"
#include "pipelines/train/report_keeper.h"
#include "pipelines/train/train_plan.h"

namespace pretext {

class Evaluator {
 public:
  // All outlive it.
  Evaluator(Assembled& parts, const TrainPlan& plan, ReportKeeper& report, Progress& progress,
            StopRequest& stop)
      : parts_(parts),
        plan_(plan),
        report_(report),
        progress_(progress),
        stop_(stop),
        evaluation_(parts) {}

  // Whether an evaluation is due after the step that `cursor` stands behind.
  bool IsDue(const Cursor& cursor) const;
  // Measures and says the figures, and has gathered what the report shows of samples. The
  // checkpoint is written. Cancelled when a stop was asked for meanwhile.
  absl::StatusOr<Figures> Measure(const Cursor& cursor);

 private:
  Assembled& parts_;
  const TrainPlan& plan_;
  ReportKeeper& report_;
  Progress& progress_;
  StopRequest& stop_;
  Evaluation evaluation_;
};

}  // namespace pretext
