#include "augmentations/solarize/solarize.h"

#include "augmentations/testing/augmenting.h"
#include "augmentations/testing/distribution.h"

namespace pretext {
namespace {

const auto Build = BuildAugmentation<SolarizeAugmentation, Solarize>;
const auto Faults = FaultPaths<SolarizeAugmentation, Solarize>;

TEST(Solarize, ActsWithItsProbability) { ExpectActsWithItsProbability(Build, ""); }

TEST(Solarize, InvertsFromTheThresholdOn) {
  const FlowType input = FlowType::Image(1, 8, 9);
  const Sample before = TestSample(input);
  const float threshold = before.values[5];  // At the threshold counts as bright.
  const auto solarize = SolarizeAugmentation(input, 1, threshold);
  const Sample after = Augmented(solarize, input, 0);
  for (int i = 0; i < 72; ++i) {
    const float x = before.values[i];
    EXPECT_EQ(after.values[i], x >= threshold ? 1 - x : x);
  }
}

TEST(Solarize, WorksOnNumbersFromZeroToOne) {
  const FlowType image = FlowType::Image(3, 8, 9);
  EXPECT_EQ(Faults("", image.WithRange(kUnitRange)), "");
  EXPECT_EQ(Faults("", image.WithRange(ValueRange{0.25, 0.5})), "");
  EXPECT_EQ(Faults("", image.WithRange(ValueRange{-1, 1})), "(shape)");
  EXPECT_EQ(Faults("", image.WithRange(ValueRange{0, 2})), "(shape)");
}

TEST(Solarize, NamesEveryFault) {
  const FlowType image = FlowType::Image(3, 8, 9);
  EXPECT_EQ(Faults("", image), "");
  EXPECT_EQ(Faults("", FlowType()), "");
  EXPECT_EQ(Faults("probability: 1.5", image), "probability");
  EXPECT_EQ(Faults("probability: nan", image), "probability");
  EXPECT_EQ(Faults("", FlowType::Image(4, 8, 8)), "(shape)");
  EXPECT_EQ(Faults("", FlowType::Tokens(8, 100)), "(shape)");
  EXPECT_EQ(Faults("threshold: -0.1", image), "threshold");
  EXPECT_EQ(Faults("threshold: 1.1", image), "threshold");
}

}  // namespace
}  // namespace pretext
