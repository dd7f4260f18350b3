// What a run's metrics.jsonl and, behind it, its times.jsonl say, as series over the steps and
// evaluations.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace pretext {

struct HistoryPoint {
  double step = 0, value = 0;
};
using HistorySeries = std::vector<HistoryPoint>;

struct HistoryEvaluation {
  double step = 0, epoch = 0;
  double samples = 0;  // that were measured; 0: not known
  // Of a batch of the held-out loss, where it is not to be set beside the training's loss, which is
  // of larger ones; or 0.
  double loss_batch = 0;
  double seconds = 0;                                   // that it took; 0: not known
  std::vector<std::pair<std::string, double>> figures;  // in the line's order
};

// What a line says. Numbers that are not finite are passed over.
struct HistoryLine {
  using Scalars = std::vector<std::pair<std::string, double>>;
  double step = 0, epoch = 0;
  Scalars scalars;                    // beside them
  std::optional<Scalars> evaluation;  // of a line of an evaluation, in the line's order
};

class RunHistory {
 public:
  // Of lines, by rising step: of metrics.jsonl, then those of times.jsonl. A line that is no JSON
  // object with a step is counted and passed over, and so is a number that is not finite (null in
  // the file).
  static RunHistory Parse(absl::string_view jsonl);
  void Add(absl::string_view line);
  // One that need not be read.
  void Add(HistoryLine line);

  // Of lines of steps, by name: "loss", "h_effective_rank"; empty where there is none.
  const HistorySeries& training(absl::string_view name) const;
  const std::map<std::string, HistorySeries, std::less<>>& training() const { return training_; }
  // Of evaluations, by name: "validation_loss", "knn".
  HistorySeries evaluation(absl::string_view name) const;
  const std::vector<HistoryEvaluation>& evaluations() const { return evaluations_; }
  // The latest evaluation's figure, or null.
  const double* latest(absl::string_view name) const;

  double last_step() const { return last_step_; }  // of any line; 0 of none
  double last_epoch() const { return last_epoch_; }
  int64_t damaged_lines() const { return damaged_lines_; }
  // Of all steps, as far as lines say: seconds, and the share of them that was spent on samples.
  double seconds() const;
  double data_share() const;

 private:
  std::map<std::string, HistorySeries, std::less<>> training_;
  std::vector<HistoryEvaluation> evaluations_;
  double last_step_ = 0, last_epoch_ = 0;
  int64_t damaged_lines_ = 0;
};

// The name of the loss on held-out samples in such figures, the validation split's first; empty
// where there is none.
std::string HeldOutLossName(const std::vector<std::pair<std::string, double>>& figures);

}  // namespace pretext
