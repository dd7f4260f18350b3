#include "optimizers/testing/checks.h"

#include <cstdint>

namespace pretext {

TenSteps TakeTenSteps(Optimizer& optimizer, const Shape& shape, Role role, float start,
                      double rate) {
  Parameter p = RandomParameter(shape, 1, start);
  p.role = role;
  p.has_gradient = true;
  TenSteps steps;
  steps.begin = ToDoubles(p.value);
  optimizer.Attach({&p});
  for (int t = 1; t <= 10; ++t) {
    p.gradient = RandomTensor(shape, static_cast<uint64_t>(10 + t));
    steps.gradients.push_back(ToDoubles(p.gradient));
    for (int64_t i = 0; i < p.gradient.size(); ++i) p.gradient.data()[i] *= 4;
    optimizer.Step(t, rate / t, 0.25);
  }
  steps.end = ToDoubles(p.value);
  return steps;
}

}  // namespace pretext
