// What a person sees while a run trains: one line redrawn in place on
// a terminal, plain lines elsewhere.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace pretext {

struct ProgressState {
  int64_t step = 0;
  int64_t total_steps = 0;
  int64_t epoch = 0;  // from 1
  int64_t total_epochs = 0;
  double loss = 0;  // smoothed
  double items_per_second = 0;
  std::string item = "samples";  // or "tokens"
  std::string extra;             // appended: "knn 84.0", "12 % waiting for data"
};

class Progress {
 public:
  // Terminal or not is asked of `out`; width in columns only matters on a terminal.
  explicit Progress(std::FILE* out);
  Progress(std::FILE* out, bool terminal, int columns);

  // Redraws at most ten times a second on a terminal, writes a line every few seconds elsewhere.
  // `force`: now, and on a terminal the line stays (end of an epoch).
  void Show(const ProgressState& state, bool force = false);
  // The same for what has no steps ("evaluation: k-NN 40 %"): `share` is what is done of it.
  void ShowWork(absl::string_view what, double share);
  // A line of its own, above the bar.
  void Say(absl::string_view line);

 private:
  bool IsTime(bool force);
  void Write(absl::string_view line, bool stays);
  void ClearBar();

  std::FILE* out_;
  bool terminal_;
  int columns_;
  bool bar_shown_ = false;
  int64_t first_step_ = -1;
  absl::Time start_ = absl::Now();
  absl::Time last_ = absl::InfinitePast();
};

// The bar's text, cut to the columns: "epoch 2/10 [=====>     ] 45 % loss 0.0123 25,310 samples/s
// 0:42 left"; infinite: how much is left is not said.
std::string ProgressLine(const ProgressState& state, absl::Duration left, int columns, bool bar);
// "0:42", "1:02:03"
std::string ClockText(absl::Duration duration);

}  // namespace pretext
