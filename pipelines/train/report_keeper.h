// What a training keeps for its report: samples, at evaluations, and the page itself at its end.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/work/work.h"
#include "pipelines/assembly/assembly.h"
#include "pipelines/checkpoint/checkpoint.h"
#include "pipelines/evaluate/evaluation.h"
#include "pipelines/report_data/gather.h"
#include "pipelines/run/run_directory.h"
#include "pipelines/run/run_metrics.h"
#include "pipelines/train/train_plan.h"

namespace pretext {

class ReportKeeper {
 public:
  // The parts and the plan outlive it. `machine`: what the program runs on, in lines.
  ReportKeeper(Assembled& parts, const TrainPlan& plan, std::string machine);

  // Gathers what the report shows of samples: at the last evaluation always, on the way where it
  // took less than a fiftieth of the time since it was done last. Cancelled when `work` is told to
  // stop.
  absl::Status Gather(const Cursor& cursor, const Evaluation& evaluation, const Work& work);
  // Writes what was gathered, for TensorBoard too, and lets go of it. Nothing where nothing was
  // gathered since.
  absl::Status Write(const RunDirectory& run, RunMetrics& metrics);

  // report.html, from the run's files.
  absl::Status WritePage(const RunDirectory& run);
  // Where no page is to be written: removes that of an earlier step, whose figures would be taken
  // for those of the end. Whether there was one.
  absl::StatusOr<bool> RemoveOldPage(const RunDirectory& run) const;

 private:
  void AddFacts(ReportData& data) const;
  static absl::Status WriteTensorBoard(const GatheredReport& gathered, const RunDirectory& run,
                                       RunMetrics& metrics);

  Assembled& parts_;
  const TrainPlan& plan_;
  const std::string machine_;
  std::optional<GatheredReport> gathered_;  // until it is written
  absl::Time last_ = absl::InfinitePast();
  absl::Duration took_;
};

}  // namespace pretext
