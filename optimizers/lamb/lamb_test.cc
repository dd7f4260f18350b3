#include "optimizers/lamb/lamb.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/autograd/gradient_check.h"
#include "optimizers/lamb/lamb.pb.h"

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
  auto optimizer = LambOptimizer::Create(config, BuildContext());
  ASSERT_TRUE(optimizer.ok()) << optimizer.status();
  Parameter p = RandomParameter({97, 101}, 1, start);  // more than a block
  p.role = role;
  p.has_gradient = true;
  const Doubles begin = ToDoubles(p.value);
  (*optimizer)->Attach({&p});
  std::vector<Doubles> gradients;
  for (int t = 1; t <= 10; ++t) {
    p.gradient = RandomTensor({97, 101}, static_cast<uint64_t>(10 + t));
    gradients.push_back(ToDoubles(p.gradient));
    for (int64_t i = 0; i < p.gradient.size(); ++i) p.gradient.data()[i] *= 4;
    (*optimizer)->Step(t, 0.1 / t, 0.25);
  }
  Lamb other = config;
  if (!expected) other.set_weight_decay(0);  // a planted fault
  // Ten steps of a few roundings each; where a gradient passes through zero, m / √v magnifies them.
  EXPECT_EQ(static_cast<bool>(AllClose(ToDoubles(p.value),
                                       Reference(other, begin, gradients, IsDecayed(role)), 5e-5)),
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
  const auto faulty = LambOptimizer::Create(config, BuildContext());
  const std::string message(faulty.status().message());
  for (const char* field : {"learning_rate: ", "beta1: ", "beta2: ", "epsilon: ", "weight_decay: ",
                            "max_weight_norm: "}) {
    EXPECT_THAT(message, testing::HasSubstr(field));
  }
}

TEST(Lamb, WhatIsNothingInSinglePrecisionIsNamed) {
  Lamb config;
  config.set_learning_rate(1e-50);
  config.set_epsilon(1e-50);
  const auto faulty = LambOptimizer::Create(config, BuildContext());
  const std::string message(faulty.status().message());
  EXPECT_THAT(message, testing::HasSubstr("learning_rate: must be from 1.17549e-38"));
  EXPECT_THAT(message, testing::HasSubstr("epsilon: must be from 1.17549e-38"));
}

}  // namespace
}  // namespace pretext
