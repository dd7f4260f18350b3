#include "core/flow/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace pretext {

double Way(Decay decay, double u) {
  switch (decay) {
    case Decay::kConstant:
      return 0;
    case Decay::kLinear:
      return u;
    case Decay::kCosine:
      return 0.5 * (1 - std::cos(std::numbers::pi * u));
  }
  return 0;
}

double RampSchedule::At(const RunPosition& position) const {
  // A whole number, which as an integer could be too large.
  const double span = steps > 0    ? static_cast<double>(steps)
                      : epochs > 0 ? std::round(epochs * position.steps_per_epoch)
                                   : static_cast<double>(position.total_steps);
  const double u =
      span <= 1 ? 1.0 : std::clamp(static_cast<double>(position.step - 1) / (span - 1), 0.0, 1.0);
  return from + (to - from) * Way(decay, u);
}

double LearningRateSchedule::Factor(int64_t t) const {
  if (t < warmup_steps) return static_cast<double>(t) / static_cast<double>(warmup_steps);
  const int64_t span = total_steps - 1 - warmup_steps;
  const double u =
      span <= 0 ? 0.0
                : std::clamp(static_cast<double>(t - 1 - warmup_steps) / static_cast<double>(span),
                             0.0, 1.0);
  return 1 - (1 - final_fraction) * Way(decay, u);
}

}  // namespace pretext
