#include "optimizers/adam_w/adam_w.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optimizers/adam_w/adam_w.pb.h"
#include "optimizers/testing/golden.h"

namespace pretext {
namespace {

using testing::HasSubstr;

const char* const kGolden = "optimizers/adam_w/adam_w_golden.txt";

std::unique_ptr<Optimizer> Build(const AdamW& config) {
  auto optimizer = AdamWOptimizer::Create(config, BuildContext());
  EXPECT_TRUE(optimizer.ok()) << optimizer.status();
  return *std::move(optimizer);
}

TEST(AdamW, FollowsPyTorch) {
  AdamW config;
  config.set_weight_decay(0.1);
  config.set_epsilon(1e-6);
  EXPECT_TRUE(FollowsPyTorch(kGolden, "adamw", *Build(config), 0.01));
  EXPECT_FALSE(FollowsPyTorch(kGolden, "adamw", *Build(config), 0.01, Role::kBias));
  config.set_weight_decay(0.11);
  EXPECT_FALSE(FollowsPyTorch(kGolden, "adamw", *Build(config), 0.01));
}

// BERT's own: the first step is rate · (1 - β1) g / (√(1 - β2) |g| + ε), not rate · sign(g).
TEST(AdamW, WithoutBiasCorrection) {
  AdamW config;
  config.set_bias_correction(false);
  config.set_weight_decay(0);
  auto optimizer = Build(config);
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
  const std::string message(AdamWOptimizer::Create(config, BuildContext()).status().message());
  for (const char* field :
       {"learning_rate: ", "beta1: ", "beta2: ", "epsilon: ", "weight_decay: "}) {
    EXPECT_THAT(message, HasSubstr(field));
  }
}

TEST(AdamW, WhatIsNothingInSinglePrecisionIsNamed) {
  AdamW config;
  config.set_learning_rate(1e-50);
  config.set_epsilon(1e-50);
  const auto faulty = AdamWOptimizer::Create(config, BuildContext());
  const std::string message(faulty.status().message());
  EXPECT_THAT(message, HasSubstr("learning_rate: must be from 1.17549e-38"));
  EXPECT_THAT(message, HasSubstr("epsilon: must be from 1.17549e-38"));
}

}  // namespace
}  // namespace pretext
