#include "pipelines/train/update.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <utility>

#include "core/layers/linear.h"
#include "core/ops/record_loss.h"
#include "pipelines/text/pipeline.pb.h"

namespace pretext {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class Ones : public Dataset {
 public:
  FlowType type() const override { return FlowType::Vector(2); }
  absl::Status Load() override { return absl::OkStatus(); }
  int64_t size(Split) const override { return 8; }
  absl::Status Read(Split, int64_t index, Sample& sample) const override {
    sample.index = index;
    sample.type = type();
    sample.values = {1, 1};
    return absl::OkStatus();
  }
  std::string Summary() const override { return "ones"; }
};

class LinearEncoder : public Encoder {
 public:
  LinearEncoder() : layer_(LinearLayer::Declare(parameters(), "linear", 2, 3)) {}
  FlowType output() const override { return FlowType::Vector(3); }
  Var Forward(Tape& tape, Var x, const Batch&, const ForwardContext&) override {
    return layer_(tape, x);
  }

 private:
  LinearLayer layer_;
};

class PassOn : public Head {
 public:
  FlowType output() const override { return FlowType::Vector(3); }
  Prediction Forward(Tape&, Var h, const Batch&, const ForwardContext&) override {
    return {.value = h};
  }
};

// A loss of 1 whose gradient is what it is told.
class Told : public Loss {
 public:
  LossResult Compute(Tape& tape, const Prediction& z, const Batch&) override {
    return {.loss = RecordLoss(tape, "told", 1, z.value, Tensor::Full({4, 3}, gradient)),
            .weight = 4};
  }
  float gradient = 1;
};

class Counting : public Optimizer {
 public:
  double learning_rate() const override { return 1; }
  void Attach(std::vector<Parameter*> parameters) override { parameters_ = std::move(parameters); }
  void Step(int64_t, double, double gradient_scale) override {
    ++steps;
    scale = gradient_scale;
    parameters_[0]->value.data()[1] = becomes;
  }
  std::vector<State> state() override { return {}; }
  int steps = 0;
  double scale = 0;
  float becomes = 0.5f;

 private:
  std::vector<Parameter*> parameters_;
};

class UpdaterTest : public testing::Test {
 protected:
  UpdaterTest() {
    parts_.config = std::make_unique<Pipeline>();
    parts_.config->mutable_train()->set_batch_size(4);
    parts_.dataset = std::make_unique<Ones>();
    parts_.chains = {{}};
    parts_.encoder = std::make_unique<LinearEncoder>();
    parts_.head = std::make_unique<PassOn>();
    auto loss = std::make_unique<Told>();
    loss_ = loss.get();
    parts_.loss = std::move(loss);
    auto optimizer = std::make_unique<Counting>();
    optimizer_ = optimizer.get();
    parts_.optimizer = std::move(optimizer);
  }

  absl::StatusOr<UpdateFigures> Update(double clip_norm, bool monitored, Cursor& cursor) {
    parts_.config->mutable_train()->set_clip_norm(clip_norm);
    const TrainPlan plan{.batches_per_epoch = 2, .total_steps = 9, .base_learning_rate = 0.5};
    return Updater(parts_, plan).Update(cursor, monitored);
  }

  Assembled parts_;
  Told* loss_;
  Counting* optimizer_;
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

TEST_F(UpdaterTest, AParameterThatIsNotFiniteIsNamed) {
  optimizer_->becomes = INFINITY;
  Cursor cursor;
  EXPECT_THAT(std::string(Update(0, true, cursor).status().message()),
              AllOf(HasSubstr("the update at step 1 is not finite"), HasSubstr("encoder.linear"),
                    HasSubstr("element 1 is inf with a learning rate of 0.5")));
}

}  // namespace
}  // namespace pretext
