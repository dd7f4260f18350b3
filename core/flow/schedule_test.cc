#include "core/flow/schedule.h"

#include <gtest/gtest.h>

namespace pretext {
namespace {

using Decay = LearningRateSchedule::Decay;

TEST(Schedule, ConstantIsOne) {
  const LearningRateSchedule schedule{.total_steps = 10};
  EXPECT_EQ(schedule.Factor(1), 1);
  EXPECT_EQ(schedule.Factor(10), 1);
}

TEST(Schedule, WarmupRisesLinearlyFromTheFirstStep) {
  const LearningRateSchedule schedule{
      .decay = Decay::kLinear, .warmup_steps = 4, .total_steps = 15};
  EXPECT_EQ(schedule.Factor(1), 0.25);
  EXPECT_EQ(schedule.Factor(3), 0.75);
  EXPECT_EQ(schedule.Factor(4), 1);  // no jump where the decay begins
  EXPECT_EQ(schedule.Factor(5), 1);
  EXPECT_EQ(schedule.Factor(10), 0.5);
  EXPECT_EQ(schedule.Factor(15), 0);
  EXPECT_EQ(schedule.Factor(99), 0);
}

TEST(Schedule, CosineEndsAtItsFinalFraction) {
  const LearningRateSchedule schedule{
      .decay = Decay::kCosine, .final_fraction = 0.1, .total_steps = 101};
  EXPECT_EQ(schedule.Factor(1), 1);
  EXPECT_NEAR(schedule.Factor(51), 0.55, 1e-12);
  EXPECT_NEAR(schedule.Factor(101), 0.1, 1e-12);
}

TEST(Schedule, ARunAllOfWarmupNeverDecays) {
  const LearningRateSchedule schedule{.decay = Decay::kCosine, .warmup_steps = 5, .total_steps = 5};
  EXPECT_EQ(schedule.Factor(5), 1);
}

}  // namespace
}  // namespace pretext
