#include "pipelines/train/monitor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "core/autograd/gradient_check.h"
#include "pipelines/verdicts/verdicts.h"

namespace pretext {
namespace {

Batch TwoViews(int64_t n) {
  Batch batch;
  batch.samples = n;
  batch.views = 2;
  return batch;
}

std::map<std::string, double> Measure(const Tensor& h, const Tensor& z, const Batch& batch) {
  const auto metrics = Monitor().Measure(h, z, batch);
  return {metrics.begin(), metrics.end()};
}

// Independent directions: spread near 1, rank near the dimension, uniformity
// near that of the sphere.
TEST(Monitor, SpreadDirections) {
  const auto m = Measure(RandomTensor({256, 8}, 1), RandomTensor({256, 8}, 2), TwoViews(128));
  EXPECT_NEAR(m.at("h_spread"), 1, 0.05);
  EXPECT_NEAR(m.at("h_effective_rank"), 8, 0.3);
  EXPECT_NEAR(m.at("alignment"), 2, 0.2);  // unrelated views: cosine 0 on average
  EXPECT_TRUE(m.at("uniformity") < -2.5);
  EXPECT_TRUE(StepWarnings({{"h_spread", 1}, {"h_effective_rank", 8}}, 8).empty());
}

TEST(Monitor, EqualViewsAlignPerfectly) {
  Tensor z = RandomTensor({8, 5}, 3);
  std::copy_n(z.data(), 20, z.data() + 20);
  EXPECT_NEAR(Measure(Tensor(), z, TwoViews(4)).at("alignment"), 0, 1e-12);
  EXPECT_THAT(StepWarnings(Monitor().Measure(Tensor(), z, TwoViews(4)), 0),
              testing::ElementsAre(testing::HasSubstr("views of a sample do not differ")));
}

TEST(Monitor, CollapseIsNamed) {
  const auto same =
      Monitor().Measure(Tensor::Full({16, 8}, 3), Tensor::Full({16, 8}, 3), TwoViews(8));
  EXPECT_THAT(StepWarnings(same, 8), testing::ElementsAre(testing::HasSubstr("complete collapse")));
  // All on one line through the origin: two directions, rank 1.
  Tensor line = Tensor::Zeros({16, 8});
  for (int64_t r = 0; r < 16; ++r) line.data()[r * 8] = r % 3 == 0 ? -1.0f : 1.0f;
  const auto flat = Monitor().Measure(line, Tensor(), TwoViews(8));
  EXPECT_THAT(StepWarnings(flat, 8),
              testing::ElementsAre(testing::HasSubstr("dimensional collapse")));
  EXPECT_TRUE(StepWarnings(flat, 2).empty()) << "two features have no more directions";
}

// What a loss without negatives comes to that has nothing to keep z apart: h is as it was.
TEST(Monitor, CollapseOfZAloneIsNamed) {
  const auto alike =
      Monitor().Measure(RandomTensor({16, 8}, 1), Tensor::Full({16, 8}, 3), TwoViews(8));
  EXPECT_THAT(StepWarnings(alike, 8), testing::ElementsAre(testing::HasSubstr("z_spread")));
  const auto spread = Measure(RandomTensor({256, 8}, 1), RandomTensor({256, 8}, 2), TwoViews(128));
  EXPECT_NEAR(spread.at("z_spread"), 1, 0.05);
}

TEST(Monitor, OneViewIsComparedWithTargetsAlone) {
  const auto of = [](bool targets) {
    Batch batch = TwoViews(8);
    batch.views = 1;
    return Monitor().Measure(RandomTensor({8, 8}, 1), Tensor::Full({8, 8}, 3), batch, targets);
  };
  EXPECT_TRUE(StepWarnings(of(false), 8).empty()) << "z may be a reconstruction";
  EXPECT_THAT(StepWarnings(of(true), 8), testing::ElementsAre(testing::HasSubstr("z_spread")));
}

TEST(Monitor, ImagesAndSmallBatchesArePassedOver) {
  EXPECT_TRUE(Measure(Tensor(), RandomTensor({2, 1, 4, 4}, 1), TwoViews(1)).empty());
  EXPECT_TRUE(Measure(RandomTensor({2, 4}, 1), RandomTensor({2, 4}, 1), TwoViews(1)).empty());
}

}  // namespace
}  // namespace pretext
