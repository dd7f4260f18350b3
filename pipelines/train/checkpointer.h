// When a run's checkpoint is written, and that it is.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pipelines/assembly/assembly.h"
#include "pipelines/run/run_directory.h"
#include "pipelines/train/checkpoint.h"

namespace pretext {

class Checkpointer {
 public:
  // Both outlive it.
  Checkpointer(Assembled& parts, const RunDirectory& run) : parts_(parts), run_(run) {}

  // Whether one is due after this step, besides those at the ends of epochs.
  bool IsDue(int64_t step) const;
  absl::Status Save(const Cursor& cursor);
  // Parameters, running statistics and the optimizer's state as they were.
  absl::StatusOr<Cursor> Load();

 private:
  Assembled& parts_;
  const RunDirectory& run_;
};

}  // namespace pretext
