// How a time grows with a size.
#pragma once

#include <vector>

namespace pretext {

struct TimedSize {
  double size = 0, milliseconds = 0;
};

// milliseconds ≈ fixed + each · size^power, fixed ≥ 0.
struct Growth {
  double fixed = 0, each = 0;
  double worst = 0;  // the largest |fit - measured| / measured
};

// By least squares of the relative differences, so that small sizes count as much as large ones. At
// least two sizes.
Growth FitGrowth(const std::vector<TimedSize>& points, double power);

}  // namespace pretext
