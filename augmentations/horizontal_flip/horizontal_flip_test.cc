#include "augmentations/horizontal_flip/horizontal_flip.h"

#include "augmentations/testing/augmenting.h"
#include "augmentations/testing/distribution.h"

namespace pretext {
namespace {

const auto Build = BuildAugmentation<HorizontalFlipAugmentation, HorizontalFlip>;
const auto Faults = FaultPaths<HorizontalFlipAugmentation, HorizontalFlip>;

TEST(HorizontalFlip, ActsWithItsProbability) { ExpectActsWithItsProbability(Build, ""); }

TEST(HorizontalFlip, MirrorsRows) {
  const FlowType input = FlowType::Image(3, 8, 9);
  const Sample before = TestSample(input);
  const Sample after = Augmented(*Build("probability: 1", input), input, 0);
  for (int row = 0; row < 3 * 8; ++row) {
    for (int x = 0; x < 9; ++x) {
      EXPECT_EQ(after.values[row * 9 + x], before.values[row * 9 + 8 - x]);
    }
  }
}

TEST(HorizontalFlip, NamesEveryFault) { ExpectNamesFaultsOfImagesAndProbability(Faults); }

}  // namespace
}  // namespace pretext
