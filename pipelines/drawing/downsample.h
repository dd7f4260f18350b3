// Fewer points that look like all of them.
#pragma once

#include <cstdint>

#include "pipelines/run/run_history.h"

namespace pretext {

// At most `most` (3 or more) of the series' points, the first and the last among them: of each of
// equal runs of points the one that makes the largest triangle with the point chosen before it and
// the mean of the next run (Steinarsson 2013, "Downsampling time series for visual representation",
// section 4.2, LTTB). Steps rise. With `log`, areas are those of the logarithms; values that have
// none are left out first.
HistorySeries Downsample(const HistorySeries& series, int64_t most, bool log);

}  // namespace pretext
