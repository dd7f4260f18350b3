#include "optimizers/adam_w/adam_w.h"

#include <gtest/gtest.h>

#include "optimizers/adam_w/adam_w.pb.h"
#include "optimizers/testing/checks.h"
#include "optimizers/testing/golden.h"

namespace pretext {
namespace {

const char* const kGolden = "optimizers/adam_w/adam_w_golden.txt";

TEST(AdamW, FollowsPyTorch) {
  AdamW config;
  config.set_weight_decay(0.1);
  config.set_epsilon(1e-6);
  EXPECT_TRUE(FollowsPyTorch(kGolden, "adamw", *Build<AdamWOptimizer>(config), 0.01));
  EXPECT_FALSE(FollowsPyTorch(kGolden, "adamw", *Build<AdamWOptimizer>(config), 0.01, Role::kBias));
  config.set_weight_decay(0.11);
  EXPECT_FALSE(FollowsPyTorch(kGolden, "adamw", *Build<AdamWOptimizer>(config), 0.01));
}

// BERT's own: the first step is rate · (1 - β1) g / (√(1 - β2) |g| + ε), not rate · sign(g).
TEST(AdamW, WithoutBiasCorrection) {
  AdamW config;
  config.set_bias_correction(false);
  config.set_weight_decay(0);
  auto optimizer = Build<AdamWOptimizer>(config);
  ParameterSet set;
  Parameter* p = set.Add("w", Role::kWeight, {1}, Initializer::Constant(1));
  set.Allocate("p", 1);
  p->gradient.data()[0] = 0.5f;
  p->has_gradient = true;
  optimizer->Attach({p});
  optimizer->Step(1, 0.1, 1);
  // √0.001 in float: 1e-6 of slack on a step of 0.316.
  EXPECT_NEAR(p->value.data()[0], 1 - 0.1 * 0.05 / (0.5 * 0.0316227766 + 1e-8), 1e-6);
}

TEST(AdamW, EveryFaultIsNamed) {
  AdamW config;
  config.set_learning_rate(0);
  config.set_beta1(1);
  config.set_beta2(-1);
  config.set_epsilon(0);
  config.set_weight_decay(-0.1);
  ExpectFaults<AdamWOptimizer>(
      config, {"learning_rate: ", "beta1: ", "beta2: ", "epsilon: ", "weight_decay: "});
}

TEST(AdamW, WhatIsNothingInSinglePrecisionIsNamed) {
  AdamW config;
  config.set_learning_rate(1e-50);
  config.set_epsilon(1e-50);
  ExpectTooSmall<AdamWOptimizer>(config, {"learning_rate", "epsilon"});
}

}  // namespace
}  // namespace pretext
