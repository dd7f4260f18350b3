#include "core/flow/schedule.h"

#include <gtest/gtest.h>

namespace pretext {
namespace {

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

TEST(Ramp, GoesFromTheFirstStepToTheLast) {
  const RampSchedule linear{.from = 0.04, .to = 0.4};
  EXPECT_EQ(linear.At({.step = 1, .total_steps = 5}), 0.04);
  EXPECT_NEAR(linear.At({.step = 2, .total_steps = 5}), 0.13, 1e-15);
  EXPECT_EQ(linear.At({.step = 5, .total_steps = 5}), 0.4);
  EXPECT_EQ(linear.At({.step = 9, .total_steps = 5}), 0.4);
  // BYOL's: 1 - (1 - 0.99) (cos(π t / T) + 1) / 2 with t from 0.
  const RampSchedule cosine{.from = 0.99, .to = 1, .decay = Decay::kCosine};
  EXPECT_EQ(cosine.At({.step = 1, .total_steps = 101}), 0.99);
  EXPECT_NEAR(cosine.At({.step = 26, .total_steps = 101}), 1 - 0.01 * (0.70710678118654752 + 1) / 2,
              1e-15);
  EXPECT_EQ(cosine.At({.step = 101, .total_steps = 101}), 1);
}

TEST(Ramp, TakesItsOwnTime) {
  const RampSchedule epochs{.from = 1, .to = 3, .epochs = 1.5};
  EXPECT_EQ(epochs.At({.step = 3, .total_steps = 100, .steps_per_epoch = 4}), 1.8);
  EXPECT_EQ(epochs.At({.step = 6, .total_steps = 100, .steps_per_epoch = 4}), 3);
  const RampSchedule steps{.from = 1, .to = 3, .steps = 3};
  EXPECT_EQ(steps.At({.step = 2, .total_steps = 100}), 2);
  EXPECT_EQ(steps.At({.step = 50, .total_steps = 100}), 3);
  const RampSchedule endless{.from = 1, .to = 3, .epochs = 1e300};
  EXPECT_EQ(endless.At({.step = 50, .total_steps = 100, .steps_per_epoch = 4}), 1);
  const RampSchedule still{.from = 2, .to = 2};
  EXPECT_EQ(still.At({.step = 1, .total_steps = 1}), 2);
  const RampSchedule constant{.from = 2, .to = 7, .decay = Decay::kConstant};
  EXPECT_EQ(constant.At({.step = 9, .total_steps = 10}), 2);
}

}  // namespace
}  // namespace pretext
