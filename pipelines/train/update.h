// One update of the parameters: batches through the model and back, the gradient clipped, a step of
// the optimizer.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "pipelines/assembly/assembly.h"
#include "pipelines/assembly/freeze.h"
#include "pipelines/checkpoint/checkpoint.h"
#include "pipelines/train/batch_pass.h"
#include "pipelines/train/monitor.h"
#include "pipelines/train/train_plan.h"
#include "processes/processes.h"

namespace pretext {

// What was measured at an update.
struct UpdateFigures {
  double loss_sum = 0, weight = 0;       // of the loss's items; their number
  int64_t items = 0;                     // samples, or tokens
  double seconds = 0, data_seconds = 0;  // all; those spent on samples
  double learning_rate = 0;
  double gradient_norm = 0;  // before clipping; 0 where nothing is clipped
  Monitor::Metrics metrics;  // the loss's and the monitor's, where they were asked for
};

class Updater {
 public:
  // Allocates the parameters and the optimizer's state. The parts, their dataset loaded, the plan
  // and the processes outlive it.
  Updater(Assembled& parts, const TrainPlan& plan, Processes& processes);

  // The next update reads the batch after those that are consumed.
  void Seek(const Cursor& cursor);

  // Moves the cursor one step. FailedPrecondition where the loss, a gradient or, at a step that is
  // monitored, what becomes of a parameter is not finite: it names the step and the first value
  // that was not. Then the parameters are not to be used any more.
  absl::StatusOr<UpdateFigures> Update(Cursor& cursor, bool monitored);

  // Since the beginning, waiting for samples and augmenting them.
  double data_seconds() const { return pass_->data_seconds(); }

 private:
  // A loss weighs what it is the mean of: gradients of sums, over the total weight, are the
  // gradient of the mean over all items. One batch's needs no weighing.
  Reduction reduction() const {
    return plan_.accumulate > 1 || pass_->takes_sums() ? Reduction::kSum : Reduction::kMean;
  }
  // Gradients of `accumulate` batches, and their part of the figures.
  absl::Status AddGradients(Cursor& cursor, bool monitored, UpdateFigures& figures);
  // What gradients are to be multiplied by before the step.
  absl::StatusOr<double> GradientScale(int64_t step, UpdateFigures& figures);
  // A step of the optimizer. Parameters that were kept from training for a time count their steps
  // from their first one, on which Adam's corrections depend; elsewhere what has no gradient yet
  // has no steps either.
  void Move(int64_t step, double learning_rate, double scale);
  absl::Status CheckParameters(int64_t step, double learning_rate) const;

  Assembled& parts_;
  const TrainPlan& plan_;
  std::unique_ptr<BatchPass> pass_;
  const bool measures_;  // whether this process looks at what the monitor sees
  Monitor monitor_;
  std::vector<Parameter*> parameters_;  // that are trained
  std::vector<FrozenFor> frozen_;       // of them, for a time
  std::optional<RampSchedule> weight_decay_;
};

}  // namespace pretext
