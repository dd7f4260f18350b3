#include "augmentations/random_grayscale/random_grayscale.h"

#include <cmath>

#include "augmentations/testing/augmenting.h"
#include "augmentations/testing/distribution.h"

namespace pretext {
namespace {

const auto Build = BuildAugmentation<RandomGrayscaleAugmentation, RandomGrayscale>;
const auto Faults = FaultPaths<RandomGrayscaleAugmentation, RandomGrayscale>;

TEST(RandomGrayscale, ActsWithItsProbability) { ExpectActsWithItsProbability(Build, ""); }

TEST(RandomGrayscale, MakesChannelsEqual) {
  const FlowType input = FlowType::Image(3, 8, 9);
  const Sample before = TestSample(input);
  const Sample after = Augmented(*Build("probability: 1", input), input, 0);
  for (int i = 0; i < 72; ++i) {
    const double grey =
        0.2989 * before.values[i] + 0.587 * before.values[72 + i] + 0.114 * before.values[144 + i];
    EXPECT_TRUE(std::abs(after.values[i] - grey) <= 2e-7);  // Three roundings below 1.
    EXPECT_EQ(after.values[72 + i], after.values[i]);
    EXPECT_EQ(after.values[144 + i], after.values[i]);
  }
}

TEST(RandomGrayscale, LeavesGreyImagesAlone) {
  const FlowType grey = FlowType::Image(1, 8, 9);
  EXPECT_EQ(CountChanged(*Build("probability: 1", grey), grey, 10), 0);
}

TEST(RandomGrayscale, NamesEveryFault) { ExpectNamesFaultsOfImagesAndProbability(Faults); }

}  // namespace
}  // namespace pretext
