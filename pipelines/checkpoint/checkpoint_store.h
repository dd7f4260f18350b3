// The checkpoints that a run keeps.
//
//   RUN/checkpoint/           the latest
//   RUN/checkpoints/step-N/   those before it, as many as are kept
//   RUN/checkpoints/best/     the best by a figure of the evaluation, if one was named
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pipelines/checkpoint/checkpoint.h"

namespace pretext {

class CheckpointStore {
 public:
  // Whether the checkpoint at this cursor stays when a later one comes. That of a run that was
  // ended early does not: a run that nobody ended has none there.
  using Stays = std::function<bool(const Cursor&)>;

  // `keep` checkpoints, the latest included: at least 1.
  CheckpointStore(
      const std::string& run, int64_t keep, Stays stays = [](const Cursor&) { return true; })
      : latest_(run + "/checkpoint"),
        others_(run + "/checkpoints"),
        keep_(keep),
        stays_(std::move(stays)) {}

  // Makes a new latest one. Those that are too many are removed.
  absl::Status Save(const CheckpointFacts& facts, const ModelState& state);

  // The latest that is whole; nothing when there is none at all. Where one is damaged (DataLoss) or
  // has lost a file, `say` is told, and the one before is taken; when none is left, the first
  // error. Any other error of LoadCheckpoint is returned as it is.
  absl::StatusOr<std::optional<CheckpointFacts>> Load(
      const ModelState& state, const std::function<absl::Status(const CheckpointFacts&)>& agrees,
      const std::function<void(const std::string&)>& say);

  // Keeps the state as the best one if its figure facts.best, of the value facts.best_value, is
  // better than that of the one kept. An equal one stays.
  absl::Status SaveIfBest(const CheckpointFacts& facts, const ModelState& state,
                          bool higher_is_better);

 private:
  std::string PathOf(int64_t step) const;
  // Steps of the folders in others_, falling.
  absl::StatusOr<std::vector<int64_t>> OlderSteps() const;
  absl::Status RemoveTooMany() const;
  // Brings what a crash left on its way to where it belongs, or away.
  absl::Status ClearUp() const;

  const std::string latest_, others_;
  const int64_t keep_;
  const Stays stays_;
  std::optional<Cursor> latest_cursor_;  // of what is at latest_, where that is whole
};

}  // namespace pretext
