// How far tensors of a test lie apart.
#pragma once

#include <cmath>

#include "core/autograd/gradient_check.h"

namespace pretext {

// ‖a - b‖ / ‖b‖.
inline double RelativeDistance(const Doubles& a, const Doubles& b) {
  double difference = 0, norm = 0;
  for (size_t i = 0; i < b.size(); ++i) {
    difference += (a[i] - b[i]) * (a[i] - b[i]);
    norm += b[i] * b[i];
  }
  return a.size() == b.size() ? std::sqrt(difference / norm) : HUGE_VAL;
}

}  // namespace pretext
