#include "pipelines/train/train_step.h"

#include <gtest/gtest.h>

#include <limits>
#include <memory>

#include "core/gradient_check.h"
#include "encoders/mlp/mlp.h"
#include "encoders/mlp/mlp.pb.h"
#include "losses/nt_xent/nt_xent.h"
#include "losses/nt_xent/nt_xent.pb.h"

namespace pretext {
namespace {

// z = h.
class PassOn : public Head {
 public:
  FlowType output() const override { return FlowType::Vector(6); }
  Prediction Forward(Tape&, Var h, const Batch&, const ForwardContext&) override {
    return {.value = h};
  }
};

class TrainStepTest : public testing::Test {
 protected:
  void SetUp() override {
    Mlp config;
    config.add_hidden(10);
    config.set_code(6);
    config.set_activation(TANH);
    config.set_dropout(0.2);
    encoder_ = *MlpEncoder::Create(config, {.input = FlowType::Vector(5)});
    encoder_->parameters().Allocate("encoder", 1);
    loss_ = *NtXentLoss::Create(NtXent(), {.input = FlowType::Vector(6), .views = 2});
    batch_.samples = 9;
    batch_.views = 2;
    batch_.type = FlowType::Vector(5);
    batch_.input = RandomTensor({18, 5}, 3);
  }

  // The gradients of every parameter, one after another.
  Doubles Gradients(int64_t chunk, double scale, double* loss = nullptr) {
    TrainStep step(*encoder_, head_, *loss_, chunk);
    encoder_->parameters().ZeroGradients();
    const StepResult result =
        step.Run(batch_, {.training = true, .views = 2, .seed = 5}, scale, true);
    EXPECT_EQ(result.z.shape(), (Shape{18, 6}));
    EXPECT_EQ(result.h.shape(), (Shape{18, 6}));
    if (loss != nullptr) *loss = result.loss;
    Doubles all;
    for (Parameter& p : encoder_->parameters().parameters()) {
      const Doubles g = ToDoubles(p.gradient);
      all.insert(all.end(), g.begin(), g.end());
    }
    return all;
  }

  std::unique_ptr<Encoder> encoder_;
  PassOn head_;
  std::unique_ptr<Loss> loss_;
  Batch batch_;
};

// Gradient caching is exact: the same loss and gradient as the whole batch, dropout included, for
// chunks that divide the rows and for ragged ones. The sums are taken in another order: 1e-5 of the
// gradient's size.
TEST_F(TrainStepTest, ChunksGiveTheWholeBatchsGradient) {
  double whole_loss = 0;
  const Doubles whole = Gradients(0, 1, &whole_loss);
  for (int64_t chunk : {1, 4, 6, 9, 17, 18, 100}) {
    double loss = 0;
    EXPECT_TRUE(AllClose(Gradients(chunk, 1, &loss), whole, 1e-5)) << chunk;
    EXPECT_NEAR(loss, whole_loss, 1e-6);
  }
}

// The backward pass is linear in the scale, but 3 x is rounded where x is not. From the loss to a
// weight a term passes through sums of 18 similarities, of 6 features for the unit length, of 6
// codes, 10 hidden units and 18 rows, each rounded up to once a term in whatever order the
// libraries choose for the processor: 58 roundings of 2^-24 in either of the two passes, 7e-6 of
// the terms, which are as large as the gradient. Where a scale is forgotten, gradients are off by
// 2/3.
TEST_F(TrainStepTest, TheScaleMultipliesTheGradient) {
  constexpr double kTolerance = 2 * 58 * 0x1p-24;
  Doubles whole = Gradients(0, 1);
  for (double& g : whole) g *= 3;
  EXPECT_TRUE(AllClose(Gradients(0, 3), whole, kTolerance));
  EXPECT_TRUE(AllClose(Gradients(6, 3), whole, kTolerance));
}

TEST_F(TrainStepTest, ANonFiniteLossIsNamedAndAddsNoGradient) {
  batch_.input.data()[7] = std::numeric_limits<float>::quiet_NaN();
  for (int64_t chunk : {0, 6}) {
    TrainStep step(*encoder_, head_, *loss_, chunk);
    encoder_->parameters().ZeroGradients();
    const StepResult result = step.Run(batch_, {.training = true, .views = 2}, 1, false);
    EXPECT_NE(result.non_finite, "");
    for (Parameter& p : encoder_->parameters().parameters()) EXPECT_FALSE(p.has_gradient);
  }
}

TEST_F(TrainStepTest, EvaluationAddsNoGradient) {
  TrainStep step(*encoder_, head_, *loss_, 0);
  encoder_->parameters().ZeroGradients();
  EXPECT_GT(step.Evaluate(batch_, {.views = 2}).loss, 0);
  for (Parameter& p : encoder_->parameters().parameters()) EXPECT_FALSE(p.has_gradient);
}

}  // namespace
}  // namespace pretext
