#include "losses/dino/dino.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "losses/dino/dino.pb.h"
#include "losses/testing/steps.h"

namespace pretext {
namespace {

using testing::HasSubstr;
using testing::Not;

// Scores of a few units over a temperature of 0.04 are exponents of 100, in floats good to 1e-5.
constexpr double kTolerance = 3e-5;

DinoLoss::Options SmallOptions() {
  return {.scores = 4,
          .student_temperature = 0.1f,
          .teacher_temperature = {.from = 0.04, .to = 0.04},
          .center_momentum = 0.9f,
          .center = true};
}

// Six steps, with the center that they leave.
TEST(DinoLoss, AgreesWithPyTorch) {
  for (const GoldenSteps& golden : ReadGoldenSteps("losses/dino/dino_golden.txt")) {
    const auto agrees = Agreement<DinoLoss, Dino>(golden, kTolerance);
    EXPECT_TRUE(agrees());
    EXPECT_FALSE(agrees([](Dino& config) {
      config.set_student_temperature(1.01f * config.student_temperature());
    }));
    EXPECT_FALSE(agrees([](Dino& config) {
      Ramp& ramp = *config.mutable_teacher_temperature();
      ramp.set_to(1.02 * ramp.to());
    }));
    if (LossOf<DinoLoss, Dino>(golden)->parameters().buffers().empty()) continue;
    EXPECT_FALSE(agrees(
        [](Dino& config) { config.set_center_momentum(config.center_momentum() / 2 + 0.1f); }));
  }
}

TEST(DinoLoss, SeveralBatchesOfAStepAreOneMean) {
  const Batch batch{.samples = 3, .views = 2};
  const Tensor first = RandomTensor({6, 4}, 1), second = RandomTensor({6, 4}, 2);
  DinoLoss loss(SmallOptions());
  loss.parameters().Allocate("loss", 1);
  loss.BeginStep({});
  for (const Tensor& target : {first, second}) {
    Tape tape;
    loss.Compute(tape, {.value = tape.Leaf(first), .target = tape.Constant(target)}, batch);
  }
  loss.AfterStep();
  for (int64_t k = 0; k < 4; ++k) {
    double sum = 0;
    for (int64_t r = 0; r < 6; ++r) sum += first.data()[r * 4 + k] + second.data()[r * 4 + k];
    EXPECT_NEAR(loss.parameters().buffers().front().value.data()[k], 0.1 * sum / 12, 1e-6);
  }
}

TEST(DinoLoss, ChanceAndTheTeachersEntropy) {
  const Batch batch{.samples = 3, .views = 2};
  DinoLoss loss(SmallOptions());
  loss.parameters().Allocate("loss", 1);
  Tape tape;
  const Var flat = tape.Constant(Tensor::Full({6, 4}, 1));
  const LossResult result = loss.Compute(tape, {.value = flat, .target = flat}, batch);
  EXPECT_NEAR(result.loss.value().item(), *loss.Chance(3, 2), 1e-6);
  EXPECT_NEAR(result.metrics[0].second, std::log(4), 1e-6);
  EXPECT_NEAR(result.metrics[1].second, 0.04, 1e-8);
}

TEST(DinoLoss, FaultsOfTheConfig) {
  const auto fault = [](const Dino& config) { return FaultOf<DinoLoss>(config, TargetContext(8)); };
  Dino config;
  config.set_student_temperature(0);
  config.set_center_momentum(1);
  config.mutable_teacher_temperature()->set_from(0);
  config.mutable_teacher_temperature()->set_to(NAN);
  config.mutable_teacher_temperature()->set_epochs(-1);
  for (const char* field :
       {"student_temperature: ", "center_momentum: ", "teacher_temperature.from: ",
        "teacher_temperature.to: ", "teacher_temperature.epochs: "}) {
    EXPECT_THAT(fault(config), HasSubstr(field));
  }
  Dino end;  // a temperature that stays, given as the end alone
  end.mutable_teacher_temperature()->set_to(0);
  EXPECT_THAT(fault(end), HasSubstr("teacher_temperature.to: "));
  EXPECT_THAT(fault(end), Not(HasSubstr("teacher_temperature.from: ")));
  ExpectNamesTargetFaults(
      [](const BuildContext& context) { return FaultOf<DinoLoss>(Dino(), context); });
}

TEST(DinoLoss, NonFiniteIsReturned) {
  DinoLoss loss(SmallOptions());
  ExpectNonFiniteIsReturned(loss, 3, 4);
}

}  // namespace
}  // namespace pretext
