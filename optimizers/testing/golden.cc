#include "optimizers/testing/golden.h"

#include <cmath>
#include <fstream>
#include <sstream>

#include "core/autograd/gradient_check.h"

namespace pretext {

testing::AssertionResult FollowsPyTorch(const std::string& path, const std::string& name,
                                        Optimizer& optimizer, double learning_rate, Role role) {
  constexpr int64_t kElements = 12;
  Parameter p = RandomParameter({kElements}, 0);
  p.role = role;
  p.has_gradient = true;
  for (int64_t i = 0; i < kElements; ++i) {
    p.value.data()[i] = static_cast<float>(std::sin(0.7 * static_cast<double>(i) + 0.3));
  }
  optimizer.Attach({&p});
  for (int t = 1; t <= 20; ++t) {
    for (int64_t i = 0; i < kElements; ++i) {
      // Half the gradient, doubled again by the scale.
      p.gradient.data()[i] = static_cast<float>(0.5 * std::cos(0.1 * static_cast<double>(i * t)));
    }
    optimizer.Step(t, learning_rate, 2.0);
  }
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string key;
    words >> key;
    if (key != name) continue;
    Doubles expected;
    for (double v; words >> v;) expected.push_back(v);
    // Twenty steps, each rounding a few times at 6e-8 of values near 1,
    // in another order of operations.
    return AllClose(ToDoubles(p.value), expected, 3e-6);
  }
  // Also where the test expects another trajectory.
  ADD_FAILURE() << path << " has no case " << name;
  return testing::AssertionFailure();
}

}  // namespace pretext
