// A run's files, read to be shown. What is damaged or missing is said, and the rest is shown.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pipelines/report_data/report_data.pb.h"
#include "pipelines/run/run_history.h"
#include "pipelines/text/load_pipeline.h"

namespace pretext {

struct RunFiles {
  enum class State : uint8_t { kFinished, kUnfinished, kTraining };

  std::string path;  // of the folder
  std::string page;  // the path of its report.html, there or not
  std::string name;  // of the pipeline; where that cannot be read the folder's
  State state = State::kUnfinished;
  std::string pipeline_text;
  LoadedPipeline pipeline;  // with what could be read of it
  RunHistory history;
  ReportData data;                  // empty where there is none
  std::vector<std::string> damage;  // a sentence each

  // "finished: 1,266 steps, 3 epochs", "unfinished: at step 500, epoch 1.18 of 3".
  std::string StateInWords() const;
};

// Errors: a path that is no run.
absl::StatusOr<RunFiles> ReadRun(const std::string& path);

// The runs in a folder and in those inside it, by path: folders with a pipeline.textproto. What is
// inside a run is not looked at. Errors: no such folder; one that cannot be listed.
absl::StatusOr<std::vector<std::string>> FindRuns(const std::string& folder);

}  // namespace pretext
