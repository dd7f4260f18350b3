// Whether a series still falls, by a straight line through its end: said where the fit says so.
#pragma once

#include <cstdint>

#include "pipelines/run/run_history.h"

namespace pretext {

// Over the last third of the series, cut into kBlocks runs of equal length whose means y_b are
// fitted by least squares, y_b = a + slope · b. Means of runs, since neighbouring lines are not
// independent of each other.
//
//   level    the mean of the window
//   change   slope · (kBlocks - 1): what the line falls (< 0) or rises by over the window
//   error    its standard error, from the residuals with kBlocks - 2 degrees of freedom
struct Trend {
  static constexpr int kBlocks = 8;
  // Student's t with 6 degrees of freedom leaves one in a thousand beyond on one side.
  static constexpr double kCertain = 5.208;

  bool known = false;  // there are 3 · kBlocks points, all finite
  double level = 0, change = 0, error = 0;
  double from_step = 0;  // where the window begins

  bool falls() const { return known && change < -kCertain * error; }
  bool rises() const { return known && change > kCertain * error; }
  // Whether, beyond the same doubt, it changes by less than that, either way.
  bool stays_within(double most) const;
};

Trend FitTrend(const HistorySeries& series);

// The mean of the last `count` points; of fewer, of those there are. 0 of none.
double MeanOfLast(const HistorySeries& series, int64_t count);

// Of a loss: lines whose mean is what it is now.
inline constexpr int64_t kRecentLines = 8;

}  // namespace pretext
