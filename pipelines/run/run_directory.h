// RUN: the folder that a training run leaves, and whose it is.
//
//   pipeline.textproto   the resolved pipeline, defaults and version included
//   metrics.jsonl        one JSON object a line
//   times.jsonl          likewise, of the same steps: what is another each time
//   checkpoint/          the latest checkpoint; older ones, if they are kept, in checkpoints/
//   encoder/             the trained encoder, to be used without any of this (pipelines/encoder)
//   tensorboard/         event files
//   report_data.binpb    what the report shows of samples
//   report.html
//   .lock                the number of the process that trains, or trained last
//
// A run touches nothing that it has not made: a new one takes no folder with anything in it.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/file/file_lock.h"
#include "pipelines/checkpoint/run_names.h"

namespace pretext {

class RunDirectory {
 public:
  RunDirectory() = default;  // nowhere

  // A new run in `path`, which is made, and locked as long as this object lives. One of several
  // that begin at the same moment gets it. Where there is anything in it, or another process is
  // about to: "path-2", "path-3" … is taken instead, unless the path was named by the user
  // (`exact`), where that is InvalidArgument with the name of what there is.
  static absl::StatusOr<RunDirectory> Begin(const std::string& path, bool exact);
  // What Begin of an exact path would say now; nothing is made. For before the time that loading
  // takes.
  static absl::Status CheckFree(const std::string& path);
  // An existing run, to be looked at.
  static absl::StatusOr<RunDirectory> Open(const std::string& path);
  // An existing run, to go on with: locked. Unavailable while another process trains it, whose
  // number is named.
  static absl::StatusOr<RunDirectory> OpenToGoOn(const std::string& path);

  // Whether a process trains it now, as far as the system tells.
  bool IsBeingTrained() const;

  const std::string& path() const { return path_; }
  std::string pipeline_path() const { return PipelineIn(path_); }
  std::string metrics_path() const { return path_ + "/metrics.jsonl"; }
  std::string times_path() const { return path_ + "/times.jsonl"; }
  std::string checkpoint_path() const { return path_ + "/checkpoint"; }
  std::string encoder_path() const { return path_ + "/encoder"; }
  std::string tensorboard_path() const { return path_ + "/tensorboard"; }
  std::string report_path() const { return path_ + "/report.html"; }

 private:
  explicit RunDirectory(std::string path) : path_(std::move(path)) {}
  // Takes the lock; on a file system that has none there is none.
  absl::Status Lock();

  std::string path_;
  std::unique_ptr<FileLock> lock_;
};

}  // namespace pretext
