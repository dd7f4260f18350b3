#include "optimizers/sgd/sgd.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optimizers/sgd/sgd.pb.h"
#include "optimizers/testing/golden.h"

namespace pretext {
namespace {

using testing::HasSubstr;

const char* const kGolden = "optimizers/sgd/sgd_golden.txt";

std::unique_ptr<Optimizer> Build(const Sgd& config) {
  auto optimizer = SgdOptimizer::Create(config, BuildContext());
  EXPECT_TRUE(optimizer.ok()) << optimizer.status();
  return *std::move(optimizer);
}

TEST(Sgd, FollowsPyTorch) {
  Sgd config;
  config.set_weight_decay(0.01);
  EXPECT_TRUE(FollowsPyTorch(kGolden, "sgd", *Build(config), 0.1));
  // Without decay it is another trajectory: by role, biases have none.
  EXPECT_FALSE(FollowsPyTorch(kGolden, "sgd", *Build(config), 0.1, Role::kBias));
  config.set_decay_everything(true);
  EXPECT_TRUE(FollowsPyTorch(kGolden, "sgd", *Build(config), 0.1, Role::kBias));
  config.set_nesterov(true);
  EXPECT_TRUE(FollowsPyTorch(kGolden, "sgd_nesterov", *Build(config), 0.1));
  EXPECT_FALSE(FollowsPyTorch(kGolden, "sgd", *Build(config), 0.1));
}

TEST(Sgd, WithoutMomentumThereIsNoState) {
  Sgd config;
  config.set_momentum(0);
  auto optimizer = Build(config);
  EXPECT_TRUE(FollowsPyTorch(kGolden, "sgd_plain", *optimizer, 0.1));
  EXPECT_TRUE(optimizer->state().empty());
}

TEST(Sgd, EveryFaultIsNamed) {
  Sgd config;
  config.set_learning_rate(-1);
  config.set_momentum(1);
  config.set_weight_decay(-0.1);
  const auto faulty = SgdOptimizer::Create(config, BuildContext());
  const std::string message(faulty.status().message());
  EXPECT_THAT(message, HasSubstr("learning_rate: "));
  EXPECT_THAT(message, HasSubstr("momentum: "));
  EXPECT_THAT(message, HasSubstr("weight_decay: "));
  Sgd plain;
  plain.set_momentum(0);
  plain.set_nesterov(true);
  EXPECT_THAT(std::string(SgdOptimizer::Create(plain, BuildContext()).status().message()),
              HasSubstr("nesterov: needs a momentum"));
}

TEST(Sgd, WhatIsNothingInSinglePrecisionIsNamed) {
  Sgd config;
  config.set_learning_rate(1e-50);
  const auto faulty = SgdOptimizer::Create(config, BuildContext());
  const std::string message(faulty.status().message());
  EXPECT_THAT(message, HasSubstr("learning_rate: must be from 1.17549e-38"));
}

}  // namespace
}  // namespace pretext
