#include "augmentations/salt_and_pepper/salt_and_pepper.h"

#include "augmentations/testing/augmenting.h"
#include "augmentations/testing/distribution.h"

namespace pretext {
namespace {

const auto Build = BuildAugmentation<SaltAndPepperAugmentation, SaltAndPepper>;
const auto Faults = FaultPaths<SaltAndPepperAugmentation, SaltAndPepper>;

TEST(SaltAndPepper, SetsItsSharesToBlackAndWhite) {
  const FlowType input = FlowType::Vector(20000);
  const Sample before = TestSample(input);
  const Sample after =
      Augmented(*Build("probability: 0.4 salt: 0.25 low: -1 high: 2", input), input, 0);
  double low = 0, high = 0;
  for (int i = 0; i < 20000; ++i) {
    const float x = after.values[i];
    EXPECT_TRUE(x == -1 || x == 2 || x == before.values[i]);
    low += x == -1;
    high += x == 2;
  }
  EXPECT_GT(ChiSquare({low, high, 20000 - low - high}, {0.3, 0.1, 0.6}), kSignificance);
}

TEST(SaltAndPepper, NamesEveryFault) {
  const FlowType image = FlowType::Image(2, 8, 9);
  EXPECT_EQ(Faults("", image), "");
  EXPECT_EQ(Faults("", FlowType::Vector(5)), "");
  EXPECT_EQ(Faults("", FlowType()), "");
  EXPECT_EQ(Faults("", FlowType::Tokens(8, 100)), "(shape)");
  EXPECT_EQ(Faults("probability: -1 salt: 1.5", image), "probability salt");
  EXPECT_EQ(Faults("low: 2", image), "low");
}

}  // namespace
}  // namespace pretext
