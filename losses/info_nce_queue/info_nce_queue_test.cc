#include "losses/info_nce_queue/info_nce_queue.h"

#include <gtest/gtest.h>

#include "losses/info_nce_queue/info_nce_queue.pb.h"
#include "losses/testing/steps.h"

namespace pretext {
namespace {

// A cosine is good to a few eps · √D, a similarity to that over the temperature.
constexpr double kTolerance = 2e-5;

// Six steps, in which the queue goes round its end.
TEST(InfoNceQueueLoss, AgreesWithPyTorch) {
  for (const GoldenSteps& golden :
       ReadGoldenSteps("losses/info_nce_queue/info_nce_queue_golden.txt")) {
    const auto agrees = Agreement<InfoNceQueueLoss, InfoNceQueue>(golden, kTolerance);
    EXPECT_TRUE(agrees());
    EXPECT_FALSE(
        agrees([](InfoNceQueue& config) { config.set_temperature(1.01f * config.temperature()); }));
  }
}

TEST(InfoNceQueueLoss, FaultsOfTheConfig) {
  ExpectNamesFaultsOfQueueAndTarget<InfoNceQueueLoss, InfoNceQueue>();
}

TEST(InfoNceQueueLoss, ChanceAndFloor) {
  InfoNceQueueLoss loss({.rows = 6, .features = 4, .temperature = 0.3f, .symmetric = true});
  loss.parameters().Allocate("loss", 1);
  const Batch batch{.samples = 3, .views = 2};
  Tensor& queue = loss.parameters().buffers().front().value;
  Tape tape(/*recording=*/false);
  const auto value = [&](const Tensor& z) {
    const Var rows = tape.Constant(z);
    return loss.Compute(tape, {.value = rows, .target = rows}, batch);
  };
  Tensor east = Tensor::Zeros({6, 4});
  for (int64_t r = 0; r < 6; ++r) east.data()[r * 4] = 2;
  queue.Zero();
  for (int64_t r = 0; r < 6; ++r) queue.data()[r * 4 + 1] = 1;
  EXPECT_NEAR(value(east).loss.value().item(), *loss.Floor(3, 2), 1e-6);
  EXPECT_EQ(value(east).metrics[0].second, 1);
  queue.Zero();
  for (int64_t r = 0; r < 6; ++r) queue.data()[r * 4] = 1;
  EXPECT_NEAR(value(east).loss.value().item(), *loss.Chance(3, 2), 1e-6);
  EXPECT_EQ(value(east).metrics[0].second, 0);
}

TEST(InfoNceQueueLoss, NonFiniteIsReturned) {
  InfoNceQueueLoss loss({.rows = 6, .features = 4, .temperature = 0.3f, .symmetric = true});
  ExpectNonFiniteIsReturned(loss, 3, 4);
}

}  // namespace
}  // namespace pretext
