#include "augmentations/masking_noise/masking_noise.h"

#include "augmentations/testing/augmenting.h"
#include "augmentations/testing/distribution.h"

namespace pretext {
namespace {

const auto Build = BuildAugmentation<MaskingNoiseAugmentation, MaskingNoise>;
const auto Faults = FaultPaths<MaskingNoiseAugmentation, MaskingNoise>;

TEST(MaskingNoise, SetsItsShareToZero) {
  const FlowType input = FlowType::Vector(10000);
  const Sample before = TestSample(input);
  const Sample after = Augmented(*Build("probability: 0.3", input), input, 0);
  double zero = 0;
  std::vector<double> places;
  for (int i = 0; i < 10000; ++i) {
    EXPECT_TRUE(after.values[i] == 0 || after.values[i] == before.values[i]);
    if (after.values[i] != 0) continue;
    ++zero;
    places.push_back(i);
  }
  EXPECT_GT(ChiSquare({zero, 10000 - zero}, {0.3, 0.7}), kSignificance);
  EXPECT_GT(KolmogorovSmirnov(places, UniformCdf(0, 10000)), kSignificance);
  EXPECT_EQ(CountChanged(*Build("probability: 0", input), input, 10), 0);
}

TEST(MaskingNoise, NamesEveryFault) {
  const FlowType image = FlowType::Image(2, 8, 9);
  EXPECT_EQ(Faults("", image), "");
  EXPECT_EQ(Faults("", FlowType::Vector(5)), "");
  EXPECT_EQ(Faults("", FlowType()), "");
  EXPECT_EQ(Faults("", FlowType::Tokens(8, 100)), "(shape)");
  EXPECT_EQ(Faults("probability: 2", image), "probability");
}

}  // namespace
}  // namespace pretext
