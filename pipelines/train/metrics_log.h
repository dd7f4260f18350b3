// The lines of a run's metrics: of a step, a mean over the steps since the line before; and of an
// evaluation.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "pipelines/assembly/assembly.h"
#include "pipelines/checkpoint/checkpoint.h"
#include "pipelines/evaluate/evaluation.h"
#include "pipelines/run/progress.h"
#include "pipelines/run/run_metrics.h"
#include "pipelines/train/train_plan.h"
#include "pipelines/train/update.h"

namespace pretext {

class MetricsLog {
 public:
  // All outlive it.
  MetricsLog(const Assembled& parts, const TrainPlan& plan, RunMetrics& metrics, Progress& progress)
      : parts_(parts), plan_(plan), metrics_(metrics), progress_(progress) {}

  // Whether a line is due after this step.
  bool IsDue(int64_t step) const;
  // To be called after every step, before WriteLine.
  void Add(const UpdateFigures& figures);
  // Says too what the figures warn of, each warning once.
  absl::Status WriteLine(const Cursor& cursor);
  // Says too what the run comes to so far, in words.
  absl::Status WriteEvaluation(const Cursor& cursor, const Figures& figures);

  // Since the last line: a run that goes on is given those of its checkpoint.
  const LineSums& since_line() const { return sums_; }
  void set_since_line(const LineSums& sums) { sums_ = sums; }

  // Of the steps since the last line, or of that line.
  double loss() const;
  double items_per_second() const;
  // At the latest evaluation: the name of the loss on held-out samples ("validation_loss"), and its
  // value. Null before one.
  const std::pair<std::string, double>* held_out_loss() const {
    return held_out_loss_.first.empty() ? nullptr : &held_out_loss_;
  }

 private:
  void Warn(int64_t step);

  const Assembled& parts_;
  const TrainPlan& plan_;
  RunMetrics& metrics_;
  Progress& progress_;
  UpdateFigures last_;  // step
  LineSums sums_;
  // Of the steps since the last line that this process made.
  double own_seconds_ = 0, own_data_seconds_ = 0;
  double shown_loss_ = 0, shown_items_per_second_ = 0;  // in the last line
  std::vector<std::string> warnings_;
  std::pair<std::string, double> held_out_loss_;
};

}  // namespace pretext
