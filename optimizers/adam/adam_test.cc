#include "optimizers/adam/adam.h"

#include <gtest/gtest.h>

#include "optimizers/adam/adam.pb.h"
#include "optimizers/testing/checks.h"
#include "optimizers/testing/golden.h"

namespace pretext {
namespace {

const char* const kGolden = "optimizers/adam/adam_golden.txt";

TEST(Adam, FollowsPyTorch) {
  Adam config;
  config.set_weight_decay(0.1);
  auto optimizer = Build<AdamOptimizer>(config);
  EXPECT_TRUE(FollowsPyTorch(kGolden, "adam", *optimizer, 0.01));
  EXPECT_FALSE(
      FollowsPyTorch(kGolden, "adam", *Build<AdamOptimizer>(config), 0.01, Role::kNormScale));
}

TEST(Adam, KeepsTwoMomentsOfEachParameter) {
  ParameterSet set;
  set.Add("parameter", Role::kWeight, {3, 2}, Initializer::FanIn(2));
  set.Allocate("part", 1);
  auto optimizer = Build<AdamOptimizer>(Adam());
  optimizer->Attach({&set.parameters().front()});
  ASSERT_EQ(optimizer->state().size(), 2u);
  EXPECT_EQ(optimizer->state()[0].name, "part.parameter.first_moment");
  EXPECT_EQ(optimizer->state()[1].name, "part.parameter.second_moment");
}

TEST(Adam, EveryFaultIsNamed) {
  Adam config;
  config.set_learning_rate(0);
  config.set_beta1(1);
  config.set_beta2(-1);
  config.set_epsilon(0);
  config.set_weight_decay(-0.1);
  ExpectFaults<AdamOptimizer>(
      config, {"learning_rate: ", "beta1: ", "beta2: ", "epsilon: ", "weight_decay: "});
}

TEST(Adam, WhatIsNothingInSinglePrecisionIsNamed) {
  Adam config;
  config.set_learning_rate(1e-50);
  config.set_epsilon(1e-50);
  ExpectTooSmall<AdamOptimizer>(config, {"learning_rate", "epsilon"});
}

}  // namespace
}  // namespace pretext
