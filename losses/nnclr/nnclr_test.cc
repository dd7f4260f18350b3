#include "losses/nnclr/nnclr.h"

#include <gtest/gtest.h>

#include "losses/nnclr/nnclr.pb.h"
#include "losses/testing/steps.h"

namespace pretext {
namespace {

// A cosine is good to a few eps · √D, a similarity to that over the temperature.
constexpr double kTolerance = 2e-5;

// Five steps, in which the queue goes round its end and what was seen becomes a neighbour.
TEST(NnclrLoss, AgreesWithPyTorch) {
  for (const GoldenSteps& golden : ReadGoldenSteps("losses/nnclr/nnclr_golden.txt")) {
    const auto agrees = Agreement<NnclrLoss, Nnclr>(golden, kTolerance);
    EXPECT_TRUE(agrees());
    EXPECT_FALSE(
        agrees([](Nnclr& config) { config.set_temperature(1.01f * config.temperature()); }));
  }
}

TEST(NnclrLoss, FaultsOfTheConfig) { ExpectNamesFaultsOfQueueAndTarget<NnclrLoss, Nnclr>(); }

TEST(NnclrLoss, ChanceAndFloor) {
  NnclrLoss loss(/*rows=*/4, /*features=*/4, /*temperature=*/0.3f);
  loss.parameters().Allocate("loss", 1);
  Tensor& queue = loss.parameters().buffers().front().value;
  queue.Zero();
  for (int64_t r = 0; r < 4; ++r) queue.data()[r * 4 + r] = 1;
  const Batch batch{.samples = 4, .views = 2};
  Tensor z = Tensor::Zeros({8, 4});
  for (int64_t i = 0; i < 8; ++i) z.data()[i * 4 + i % 4] = 2;
  Tape tape(/*recording=*/false);
  const Var rows = tape.Constant(z), same = tape.Constant(Tensor::Full({8, 4}, 1));
  const LossResult best = loss.Compute(tape, {.value = rows, .target = rows}, batch);
  EXPECT_NEAR(best.loss.value().item(), *loss.Floor(4, 2), 1e-6);
  EXPECT_EQ(best.metrics[0].second, 1);
  EXPECT_NEAR(best.metrics[1].second, 1, 1e-6);
  const LossResult blind = loss.Compute(tape, {.value = same, .target = rows}, batch);
  EXPECT_NEAR(blind.loss.value().item(), *loss.Chance(4, 2), 1e-6);
}

TEST(NnclrLoss, NonFiniteIsReturned) {
  NnclrLoss loss(6, 4, 0.3f);
  ExpectNonFiniteIsReturned(loss, 3, 4);
}

}  // namespace
}  // namespace pretext
