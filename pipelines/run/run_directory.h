// RUN: the folder that a training run leaves.
//
//   pipeline.textproto   the resolved pipeline, defaults and version included
//   metrics.jsonl        one JSON object a line
//   checkpoint/          pipelines/train/checkpoint.h
//   tensorboard/         event files
//   report.html
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/json/json.h"
#include "pipelines/run/tensorboard.h"

namespace pretext {

class RunDirectory {
 public:
  // A new run in `path`. Never over another run: when there is one, "path-2",
  // "path-3" … is taken instead, unless the path was named by the user (`exact`),
  // where it is an error that says how to go on.
  static absl::StatusOr<RunDirectory> Create(const std::string& path, bool exact);
  // An existing run.
  static absl::StatusOr<RunDirectory> Open(const std::string& path);

  const std::string& path() const { return path_; }
  std::string pipeline_path() const { return path_ + "/pipeline.textproto"; }
  std::string metrics_path() const { return path_ + "/metrics.jsonl"; }
  std::string checkpoint_path() const { return path_ + "/checkpoint"; }
  std::string report_path() const { return path_ + "/report.html"; }

  absl::Status StartTensorBoard() { return tensorboard_.Open(path_ + "/tensorboard"); }

  // Appends a line {"step":…,"epoch":…, scalars…} and, when started, the same to TensorBoard.
  // `group` nests the scalars
  // ({"step":…,"epoch":…,"eval":{…}}); empty: they stand beside the step.
  absl::Status Log(int64_t step, double epoch, const std::string& group,
                   const std::vector<std::pair<std::string, double>>& scalars);

  // Drops the lines of steps beyond `step`: what a killed run wrote after
  // the checkpoint that it is resumed from.
  absl::Status TruncateMetrics(int64_t step);

 private:
  explicit RunDirectory(std::string path) : path_(std::move(path)) {}

  std::string path_;
  TensorBoardWriter tensorboard_;
};

}  // namespace pretext
