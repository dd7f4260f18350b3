// A run's lines of metrics: metrics.jsonl, and the same for TensorBoard. Beside it times.jsonl: a
// run that was interrupted has the lines of metrics of one that nobody interrupted, but never its
// times.
//
// metrics.jsonl is what counts: of an interrupted run it is cut at the step that the run goes on
// from, and TensorBoard is told to forget what is no longer in it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pipelines/run/run_directory.h"
#include "pipelines/run/run_history.h"
#include "pipelines/run/tensorboard.h"

namespace pretext {

class RunMetrics {
 public:
  using Scalars = std::vector<std::pair<std::string, double>>;

  // The directory outlives it.
  explicit RunMetrics(const RunDirectory& run) : run_(run) {}

  // What is in the file of a step and before.
  struct Kept {
    bool whole = true;           // nothing but these lines is in the file
    std::string text;            // the lines
    std::string last;            // those of the step itself
    bool evaluated = false;      // one of the step itself is an evaluation
    bool any_evaluated = false;  // a line of any step is, later ones too
  };
  // A line without its end was cut by a crash, and is not kept.
  absl::StatusOr<Kept> Read(int64_t step) const { return Read(run_.metrics_path(), step); }

  // Drops the lines beyond `step`: what a killed run wrote after the checkpoint that it goes on
  // from. With `tensorboard`, later lines go there too, and what it has of this step or beyond is
  // taken back and said anew. Nothing is written where the file ends with that step, and no
  // TensorBoard is wanted.
  absl::Status GoOnAfter(int64_t step, bool tensorboard);

  // Appends a line {"step":…,"epoch":…, scalars…}. `group` nests the scalars
  // ({"step":…,"epoch":…,"eval":{…}}); empty: they stand beside the step. Then what is `beside` the
  // group stands there, and is not for TensorBoard. `times` are a line of times.jsonl, beside the
  // step; TensorBoard takes those without a group.
  absl::Status Log(int64_t step, double epoch, const std::string& group, const Scalars& scalars,
                   const Scalars& beside = {}, const Scalars& times = {});

  // All lines that the run has: those that were there, and those of Log.
  const RunHistory& history() const { return history_; }

  // Puts the lines on the disk: to be called before a checkpoint that they are not written again
  // after.
  absl::Status Flush();

 private:
  static absl::StatusOr<Kept> Read(const std::string& path, int64_t step);

  const RunDirectory& run_;
  TensorBoardWriter tensorboard_;
  RunHistory history_;
};

}  // namespace pretext
