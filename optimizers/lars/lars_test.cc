#include "optimizers/lars/lars.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "optimizers/lars/lars.pb.h"
#include "optimizers/testing/checks.h"

namespace pretext {
namespace {

// The definition, in double, of one parameter over ten steps with a changing rate.
Doubles Reference(const Lars& config, Doubles w, const std::vector<Doubles>& gradients,
                  bool adapted) {
  Doubles v(w.size(), 0.0);
  const double decay = adapted ? config.weight_decay() : 0;
  for (size_t t = 0; t < gradients.size(); ++t) {
    const double rate = 0.5 / (1.0 + static_cast<double>(t));
    double ww = 0, gg = 0, dd = 0;
    Doubles d(w.size());
    for (size_t i = 0; i < w.size(); ++i) {
      d[i] = gradients[t][i] + decay * w[i];
      ww += w[i] * w[i];
      gg += gradients[t][i] * gradients[t][i];
      dd += d[i] * d[i];
    }
    double trust = 1;
    if (adapted && ww > 0 && dd > 0) {
      const double below = config.denominator() == Lars::NORM_OF_SUM
                               ? std::sqrt(dd)
                               : std::sqrt(gg) + decay * std::sqrt(ww) + config.epsilon();
      trust = config.trust_coefficient() * std::sqrt(ww) / below;
      if (config.clip()) trust = std::min(trust / rate, 1.0);
    }
    for (size_t i = 0; i < w.size(); ++i) {
      if (config.momentum_convention() == Lars::RATE_INSIDE) {
        v[i] = config.momentum() * v[i] + rate * trust * d[i];
        w[i] -= v[i];
      } else {
        v[i] = config.momentum() * v[i] + trust * d[i];
        w[i] -= rate * v[i];
      }
    }
  }
  return w;
}

void ExpectFollows(const Lars& config, Role role, float start) {
  const TenSteps steps = TakeTenSteps(*Build<LarsOptimizer>(config), {7, 5}, role, start, 0.5);
  // Ten steps of a few roundings each, in another order: 1e-6 each at the most.
  EXPECT_TRUE(
      AllClose(steps.end, Reference(config, steps.begin, steps.gradients, IsDecayed(role)), 1e-5));
}

TEST(Lars, FollowsTheDefinitionInEveryVariant) {
  for (auto momentum : {Lars::RATE_INSIDE, Lars::RATE_OUTSIDE}) {
    for (auto denominator : {Lars::NORM_OF_SUM, Lars::SUM_OF_NORMS}) {
      for (bool clip : {false, true}) {
        Lars config;
        config.set_momentum_convention(momentum);
        config.set_denominator(denominator);
        config.set_clip(clip);
        config.set_weight_decay(0.2);
        config.set_trust_coefficient(0.1);
        ExpectFollows(config, Role::kWeight, 1);
        ExpectFollows(config, Role::kNormScale, 1);
      }
    }
  }
}

// A weight of zeros would never move if its ratio were 0.
TEST(Lars, AZeroWeightMovesAtTheFullRate) {
  Lars config;
  ExpectFollows(config, Role::kWeight, 0);
}

TEST(Lars, EveryFaultIsNamed) {
  Lars config;
  config.set_learning_rate(0);
  config.set_momentum(1);
  config.set_trust_coefficient(0);
  config.set_epsilon(-1);
  config.set_weight_decay(-1);
  ExpectFaults<LarsOptimizer>(
      config,
      {"learning_rate: ", "momentum: ", "trust_coefficient: ", "epsilon: ", "weight_decay: "});
}

TEST(Lars, WhatIsNothingInSinglePrecisionIsNamed) {
  Lars config;
  config.set_learning_rate(1e-50);
  config.set_trust_coefficient(1e-50);
  ExpectTooSmall<LarsOptimizer>(config, {"learning_rate", "trust_coefficient"});
}

}  // namespace
}  // namespace pretext
