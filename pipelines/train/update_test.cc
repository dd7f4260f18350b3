#include "pipelines/train/update.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "pipelines/train/testing.h"

namespace pretext {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

class UpdaterTest : public testing::Test {
 protected:
  absl::StatusOr<UpdateFigures> Update(double clip_norm, bool monitored, Cursor& cursor) {
    parts_.config->mutable_train()->set_clip_norm(clip_norm);
    const TrainPlan plan{.batches_per_epoch = 2, .total_steps = 9, .base_learning_rate = 0.5};
    return Updater(parts_, plan, alone_).Update(cursor, monitored);
  }

  Alone alone_;
  ToldParts told_;
  Assembled& parts_ = told_.parts;
  Told* const loss_ = told_.loss;
  Counting* const optimizer_ = told_.optimizer;
};

TEST_F(UpdaterTest, MovesTheCursor) {
  Cursor cursor{.step = 3, .batches = 3};
  const auto figures = Update(0, true, cursor);
  ASSERT_TRUE(figures.ok()) << figures.status();
  EXPECT_EQ(cursor.step, 4);
  EXPECT_EQ(cursor.batches, 4);
  EXPECT_EQ(figures->loss_sum, 4);
  EXPECT_EQ(figures->weight, 4);
  EXPECT_EQ(figures->items, 4);
  EXPECT_EQ(figures->learning_rate, 0.5);
  EXPECT_EQ(optimizer_->scale, 1);
}

// Of 3 biases and 6 weights the gradient is the sum over 4 rows: 4 each, 12 in all. It is clipped
// to the norm that was asked for, not to another.
TEST_F(UpdaterTest, ClipsToTheNorm) {
  Cursor cursor;
  for (const double most : {100.0, 12.5, 3.0}) {
    const auto figures = Update(most, false, cursor);
    ASSERT_TRUE(figures.ok()) << figures.status();
    EXPECT_NEAR(figures->gradient_norm, 12, 1e-6);
    EXPECT_NEAR(optimizer_->scale, std::min(1.0, most / 12), 1e-8) << most;
  }
}

TEST_F(UpdaterTest, AGradientThatIsNotFiniteIsNotApplied) {
  for (const double clip_norm : {0.0, 1.0}) {
    for (const float gradient : {NAN, INFINITY, -INFINITY}) {
      loss_->gradient = gradient;
      Cursor cursor{.step = 3};
      const absl::Status status = Update(clip_norm, false, cursor).status();
      EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
      EXPECT_THAT(std::string(status.message()),
                  AllOf(HasSubstr("the gradient is not finite at step 4"),
                        HasSubstr("encoder.linear"), HasSubstr("element 0 is ")));
      EXPECT_EQ(optimizer_->steps, 0) << clip_norm << " " << gradient;
    }
  }
}

// Adam divides its means by what they have of zeros, which depends on how often they were moved.
TEST_F(UpdaterTest, WhatWasFrozenForATimeCountsItsOwnSteps) {
  for (const int64_t steps : {1, 2}) {
    Pipeline::FreezeFor* entry = parts_.config->add_freeze_for();
    entry->set_name("encoder.linear.bias");
    entry->set_steps(steps);
  }
  const TrainPlan plan{.batches_per_epoch = 2, .total_steps = 9, .base_learning_rate = 0.5};
  Updater updater(parts_, plan, alone_);
  Cursor cursor;
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(updater.Update(cursor, false).ok());
  const char* const weight = "encoder.linear.weight";
  const char* const bias = "encoder.linear.bias";
  EXPECT_THAT(optimizer_->moved, ElementsAre(Pair(weight, 1), Pair(weight, 2), Pair(weight, 3),
                                             Pair(bias, 1), Pair(weight, 4), Pair(bias, 2)));
}

TEST_F(UpdaterTest, AParameterThatIsNotFiniteIsNamed) {
  optimizer_->becomes = INFINITY;
  Cursor cursor;
  EXPECT_THAT(std::string(Update(0, true, cursor).status().message()),
              AllOf(HasSubstr("the update at step 1 is not finite"), HasSubstr("encoder.linear"),
                    HasSubstr("element 1 is inf with a learning rate of 0.5")));
}

}  // namespace
}  // namespace pretext
