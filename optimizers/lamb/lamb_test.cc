#include "optimizers/lamb/lamb.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "optimizers/lamb/lamb.pb.h"
#include "optimizers/testing/checks.h"

namespace pretext {
namespace {

// Algorithm 2 in double, of one parameter over ten steps with a changing rate.
Doubles Reference(const Lamb& config, Doubles w, const std::vector<Doubles>& gradients,
                  bool adapted) {
  const size_t n = w.size();
  Doubles m(n), v(n), u(n);
  for (size_t t = 1; t <= gradients.size(); ++t) {
    const bool correct = config.bias_correction();
    const double c1 = correct ? 1 - std::pow(config.beta1(), t) : 1,
                 c2 = correct ? 1 - std::pow(config.beta2(), t) : 1;
    double ww = 0, uu = 0;
    for (size_t i = 0; i < n; ++i) {
      const double g = gradients[t - 1][i];
      m[i] = config.beta1() * m[i] + (1 - config.beta1()) * g;
      v[i] = config.beta2() * v[i] + (1 - config.beta2()) * g * g;
      u[i] = m[i] / c1 / (std::sqrt(v[i] / c2) + config.epsilon()) +
             (adapted ? config.weight_decay() * w[i] : 0);
      ww += w[i] * w[i];
      uu += u[i] * u[i];
    }
    double norm = std::sqrt(ww);
    if (config.max_weight_norm() > 0) norm = std::min(norm, config.max_weight_norm());
    const double ratio = adapted && ww > 0 && uu > 0 ? norm / std::sqrt(uu) : 1;
    for (size_t i = 0; i < n; ++i) w[i] -= 0.1 / static_cast<double>(t) * ratio * u[i];
  }
  return w;
}

void ExpectFollows(const Lamb& config, Role role, float start, bool expected = true) {
  const TenSteps steps = TakeTenSteps(*Build<LambOptimizer>(config), {97, 101}, role, start,
                                      0.1);  // more than a block
  Lamb other = config;
  if (!expected) other.set_weight_decay(0);  // a planted fault
  // Ten steps of a few roundings each; where a gradient passes through zero, m / √v magnifies them.
  EXPECT_EQ(static_cast<bool>(AllClose(
                steps.end, Reference(other, steps.begin, steps.gradients, IsDecayed(role)), 5e-5)),
            expected);
}

TEST(Lamb, FollowsTheDefinitionInEveryVariant) {
  for (bool bias_correction : {false, true}) {
    for (double limit : {0.0, 3.0}) {
      Lamb config;
      config.set_weight_decay(0.2);
      config.set_bias_correction(bias_correction);
      config.set_max_weight_norm(limit);
      for (Role role : {Role::kWeight, Role::kEmbedding, Role::kBias, Role::kNormScale})
        ExpectFollows(config, role, 1);
      ExpectFollows(config, Role::kWeight, 1, /*expected=*/false);
    }
  }
}

// A weight of zeros would never move if its ratio were 0.
TEST(Lamb, AZeroWeightMovesAtTheFullRate) { ExpectFollows(Lamb(), Role::kWeight, 0); }

TEST(Lamb, EveryFaultIsNamed) {
  Lamb config;
  config.set_learning_rate(0);
  config.set_beta1(1);
  config.set_beta2(-1);
  config.set_epsilon(0);
  config.set_weight_decay(-1);
  config.set_max_weight_norm(-1);
  ExpectFaults<LambOptimizer>(config, {"learning_rate: ", "beta1: ", "beta2: ", "epsilon: ",
                                       "weight_decay: ", "max_weight_norm: "});
}

TEST(Lamb, WhatIsNothingInSinglePrecisionIsNamed) {
  Lamb config;
  config.set_learning_rate(1e-50);
  config.set_epsilon(1e-50);
  ExpectTooSmall<LambOptimizer>(config, {"learning_rate", "epsilon"});
}

}  // namespace
}  // namespace pretext
