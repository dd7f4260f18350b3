// A chart of lines over the steps, as inline SVG.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "pipelines/run/run_history.h"

namespace pretext {

struct ChartLine {
  std::string name;
  HistorySeries series;
  bool landmark = false;  // grey and dotted: chance, floor
  bool points = false;    // each point has a mark: evaluations, which are few
};

// Lines are told apart by colour and by dashes, named in a key. The vertical axis is logarithmic
// where all values are above 0, the largest is ten times the smallest or more, and each line in its
// second half is nearer to its lowest value than half way up on a straight axis. Empty of lines
// without a finite point. `id` begins the names of what the page refers to, and is unique in it.
std::string ChartHtml(absl::string_view id, absl::string_view title,
                      const std::vector<ChartLine>& lines);

// Bars side by side, from 0, with their names below: heights in order, as of a spectrum.
std::string BarsHtml(absl::string_view id, absl::string_view title,
                     const std::vector<std::pair<std::string, double>>& bars,
                     absl::string_view description);

}  // namespace pretext
