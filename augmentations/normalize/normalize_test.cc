#include "augmentations/normalize/normalize.h"

#include <cmath>

#include "augmentations/testing/augmenting.h"

namespace pretext {
namespace {

const auto Build = BuildAugmentation<NormalizeAugmentation, Normalize>;
const auto Faults = FaultPaths<NormalizeAugmentation, Normalize>;

TEST(Normalize, ShiftsAndScalesEachChannel) {
  const FlowType input = FlowType::Image(3, 8, 9);
  const Sample before = TestSample(input);
  const Sample after = Augmented(
      *Build("mean: 0.1 mean: 0.2 mean: 0.3 deviation: 0.5 deviation: 0.25 deviation: 2", input),
      input, 0);
  const double mean[] = {0.1, 0.2, 0.3}, deviation[] = {0.5, 0.25, 2};
  for (int i = 0; i < 3 * 72; ++i) {
    const double expected = (before.values[i] - mean[i / 72]) / deviation[i / 72];
    EXPECT_TRUE(std::abs(after.values[i] - expected) <= 5e-7);  // Two roundings below 4.
  }
}

TEST(Normalize, ActsInEvaluationToo) {
  const FlowType input = FlowType::Image(1, 8, 9);
  const auto normalize = Build("mean: 0.3 deviation: 0.2", input);
  Sample sample = TestSample(input);
  normalize->ApplyInEvaluation(sample);
  EXPECT_EQ(sample.values, Augmented(*normalize, input, 0).values);
}

TEST(Normalize, OneNumberServesAllChannelsAndAHalfIsTheDefault) {
  const FlowType input = FlowType::Image(3, 8, 9);
  const Sample before = TestSample(input);
  const Sample one = Augmented(*Build("mean: 0.25 deviation: 0.125", input), input, 0);
  const Sample none = Augmented(*Build("", input), input, 0);
  for (int i = 0; i < 3 * 72; ++i) {
    EXPECT_EQ(one.values[i], (before.values[i] - 0.25f) * 8);
    EXPECT_EQ(none.values[i], (before.values[i] - 0.5f) * 2);
  }
}

TEST(Normalize, SaysWhatItsValuesCanBe) {
  const FlowType input = FlowType::Image(3, 8, 9).WithRange(kUnitRange);
  EXPECT_EQ(Build("", input)->output().range, (ValueRange{-1, 1}));
  EXPECT_EQ(Build("mean: 0.5 mean: 0.25 mean: 0 deviation: 0.25", input)->output().range,
            (ValueRange{-2, 4}));
  EXPECT_EQ(Build("", FlowType::Image(3, 8, 9))->output().range, std::nullopt);
}

TEST(Normalize, NamesEveryFault) {
  const FlowType image = FlowType::Image(3, 8, 9);
  EXPECT_EQ(Faults("", image), "");
  EXPECT_EQ(Faults("", FlowType()), "");
  EXPECT_EQ(Faults("mean: 1 mean: 2 deviation: 1", image), "mean");
  EXPECT_EQ(Faults("mean: nan deviation: 0 deviation: -1 deviation: 1", image),
            "deviation[0] deviation[1] mean[0]");
  EXPECT_EQ(Faults("", FlowType::Vector(9)), "(shape)");
}

}  // namespace
}  // namespace pretext
