#include "optimizers/sgd/sgd.h"

#include <gtest/gtest.h>

#include "optimizers/sgd/sgd.pb.h"
#include "optimizers/testing/checks.h"
#include "optimizers/testing/golden.h"

namespace pretext {
namespace {

const char* const kGolden = "optimizers/sgd/sgd_golden.txt";

TEST(Sgd, FollowsPyTorch) {
  Sgd config;
  config.set_weight_decay(0.01);
  EXPECT_TRUE(FollowsPyTorch(kGolden, "sgd", *Build<SgdOptimizer>(config), 0.1));
  // Without decay it is another trajectory: by role, biases have none.
  EXPECT_FALSE(FollowsPyTorch(kGolden, "sgd", *Build<SgdOptimizer>(config), 0.1, Role::kBias));
  config.set_decay_everything(true);
  EXPECT_TRUE(FollowsPyTorch(kGolden, "sgd", *Build<SgdOptimizer>(config), 0.1, Role::kBias));
  config.set_nesterov(true);
  EXPECT_TRUE(FollowsPyTorch(kGolden, "sgd_nesterov", *Build<SgdOptimizer>(config), 0.1));
  EXPECT_FALSE(FollowsPyTorch(kGolden, "sgd", *Build<SgdOptimizer>(config), 0.1));
}

TEST(Sgd, WithoutMomentumThereIsNoState) {
  Sgd config;
  config.set_momentum(0);
  auto optimizer = Build<SgdOptimizer>(config);
  EXPECT_TRUE(FollowsPyTorch(kGolden, "sgd_plain", *optimizer, 0.1));
  EXPECT_TRUE(optimizer->state().empty());
}

TEST(Sgd, EveryFaultIsNamed) {
  Sgd config;
  config.set_learning_rate(-1);
  config.set_momentum(1);
  config.set_weight_decay(-0.1);
  ExpectFaults<SgdOptimizer>(config, {"learning_rate: ", "momentum: ", "weight_decay: "});
  Sgd plain;
  plain.set_momentum(0);
  plain.set_nesterov(true);
  ExpectFaults<SgdOptimizer>(plain, {"nesterov: needs a momentum"});
}

TEST(Sgd, WhatIsNothingInSinglePrecisionIsNamed) {
  Sgd config;
  config.set_learning_rate(1e-50);
  ExpectTooSmall<SgdOptimizer>(config, {"learning_rate"});
}

}  // namespace
}  // namespace pretext
