#include "core/flow/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace pretext {

double LearningRateSchedule::Factor(int64_t t) const {
  if (t < warmup_steps) return static_cast<double>(t) / static_cast<double>(warmup_steps);
  const int64_t span = total_steps - 1 - warmup_steps;
  const double u =
      span <= 0 ? 0.0
                : std::clamp(static_cast<double>(t - 1 - warmup_steps) / static_cast<double>(span),
                             0.0, 1.0);
  switch (decay) {
    case Decay::kConstant:
      return 1;
    case Decay::kLinear:
      return 1 - (1 - final_fraction) * u;
    case Decay::kCosine:
      return final_fraction + (1 - final_fraction) * 0.5 * (1 + std::cos(std::numbers::pi * u));
  }
  return 1;
}

}  // namespace pretext
