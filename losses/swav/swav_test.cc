#include "losses/swav/swav.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "losses/swav/sinkhorn.h"
#include "losses/swav/swav.pb.h"
#include "losses/testing/steps.h"

namespace pretext {
namespace {

using testing::HasSubstr;

// A cosine is good to a few eps · √D, over ε or τ that times 20; a code's error is then its
// exponent's, and six steps pass it on through prototypes.
constexpr double kTolerance = 5e-5;

TEST(SwavLoss, AgreesWithPyTorch) {
  for (const GoldenSteps& golden : ReadGoldenSteps("losses/swav/swav_golden.txt")) {
    const auto agrees = Agreement<SwavLoss, Swav>(golden, kTolerance);
    EXPECT_TRUE(agrees());
    EXPECT_FALSE(
        agrees([](Swav& config) { config.set_temperature(1.01f * config.temperature()); }));
    EXPECT_FALSE(agrees([](Swav& config) { config.set_epsilon(1.01f * config.epsilon()); }));
    EXPECT_FALSE(
        agrees([](Swav& config) { config.set_sinkhorn_rounds(config.sinkhorn_rounds() + 1); }));
    if (!LossOf<SwavLoss, Swav>(golden)->parameters().buffers().empty()) {
      EXPECT_FALSE(agrees([](Swav& config) { config.set_queue_start_epoch(50); }));
    }
  }
}

TEST(Sinkhorn, UsesEveryPrototypeAlike) {
  const Tensor codes = SinkhornCodes(RandomTensor({130, 70}, 1), 0.3f, 100);
  for (int64_t b = 0; b < 130; ++b) {
    double sum = 0;
    for (int64_t i = 0; i < 70; ++i) sum += codes.data()[b * 70 + i];
    EXPECT_NEAR(sum, 1, 1e-5);
  }
  for (int64_t i = 0; i < 70; ++i) {
    double sum = 0;
    for (int64_t b = 0; b < 130; ++b) sum += codes.data()[b * 70 + i];
    EXPECT_NEAR(sum, 130.0 / 70, 1e-3);
  }
}

TEST(Sinkhorn, ASmallEpsilonDoesNotOverflow) {
  const Tensor codes = SinkhornCodes(RandomTensor({9, 4}, 1), 1e-4f, 3);
  EXPECT_EQ(FirstNonFinite(codes), -1);
}

SwavLoss::Options SmallOptions() {
  return {.prototypes = 3,
          .features = 4,
          .targets = 2,
          .temperature = 0.1f,
          .epsilon = 0.05f,
          .rounds = 3};
}

TEST(SwavLoss, FrozenPrototypesStayAsTheyAre) {
  SwavLoss loss(SmallOptions());
  loss.parameters().Allocate("loss", 1);
  Parameter& prototypes = loss.parameters().parameters().front();
  EXPECT_EQ(prototypes.name, "loss.prototypes");
  prototypes.value.data()[0] += 1;
  const Doubles before = ToDoubles(prototypes.value);
  prototypes.frozen = true;
  loss.AfterStep();
  EXPECT_EQ(ToDoubles(prototypes.value), before);
  prototypes.frozen = false;  // but for a time, as the missing gradient says
  loss.AfterStep();
  EXPECT_EQ(ToDoubles(prototypes.value), before);
  prototypes.has_gradient = true;
  loss.AfterStep();
  EXPECT_NE(ToDoubles(prototypes.value), before);
}

TEST(SwavLoss, AQueueThatIsNeverUsedIsSaid) {
  const auto unreached = [](int64_t rows, double start) {
    SwavLoss loss({.prototypes = 3,
                   .features = 4,
                   .targets = 2,
                   .temperature = 0.1f,
                   .epsilon = 0.05f,
                   .rounds = 3,
                   .queue_rows = rows,
                   .queue_start_epoch = start});
    return loss.Unreached(/*epochs=*/5, /*samples=*/1000);
  };
  EXPECT_EQ(unreached(0, 15), "");
  EXPECT_EQ(unreached(900, 4), "");
  EXPECT_THAT(unreached(900, 15), HasSubstr("queue_start_epoch: 15 on, and the run has 5 epochs"));
  EXPECT_THAT(unreached(1000, 0), HasSubstr("once it holds 1000 rows, and the run has 1000"));
}

TEST(SwavLoss, FaultsOfTheConfig) {
  Swav config;
  config.set_prototypes(0);
  config.set_temperature(0);
  config.set_epsilon(NAN);
  config.set_sinkhorn_rounds(0);
  config.set_queue_rows(-1);
  config.set_queue_start_epoch(-1);
  const std::string fault = FaultOf<SwavLoss>(config, TargetContext(8));
  for (const char* field : {"prototypes: ", "temperature: ", "epsilon: ", "sinkhorn_rounds: ",
                            "queue_rows: ", "queue_start_epoch: "}) {
    EXPECT_THAT(fault, HasSubstr(field));
  }
  BuildContext context{.input = FlowType::Vector(8), .views = 2};
  const auto of = [](const BuildContext& in) { return FaultOf<SwavLoss>(Swav(), in); };
  EXPECT_EQ(of(context), "");
  context.value_views = {0, 1};
  context.target_views = {2};
  EXPECT_THAT(of(context), HasSubstr("takes view 2 of the prediction for a target"));
  EXPECT_THAT(of({.input = FlowType::Vector(8), .views = 1}), HasSubstr("none of them different"));
  EXPECT_EQ(of({.input = FlowType::Sequence(3, 8), .views = 2}),
            "compares vectors; it is given sequence 3×8");  // said once
  BuildContext wide = TargetContext(8);
  wide.target = FlowType::Vector(9);
  EXPECT_THAT(of(wide), HasSubstr("its target vector 9"));
}

TEST(SwavLoss, NonFiniteIsReturned) {
  SwavLoss loss(SmallOptions());
  ExpectNonFiniteIsReturned(loss, 3, 4);
}

}  // namespace
}  // namespace pretext
