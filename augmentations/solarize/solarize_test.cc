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

TEST(Solarize, WorksOnNumbersFromZeroToOne) { ExpectWorksOnNumbersFromZeroToOne(Faults); }

TEST(Solarize, NamesEveryFault) {
  ExpectNamesFaultsOfImagesAndProbability(Faults);
  const FlowType image = FlowType::Image(3, 8, 9);
  EXPECT_EQ(Faults("threshold: -0.1", image), "threshold");
  EXPECT_EQ(Faults("threshold: 1.1", image), "threshold");
}

}  // namespace
}  // namespace pretext
