#include "augmentations/color_jitter/color_jitter.h"

#include <map>

#include "augmentations/testing/augmenting.h"
#include "augmentations/testing/distribution.h"
#include "kernels/image/color.h"

namespace pretext {
namespace {

const auto Build = BuildAugmentation<ColorJitterAugmentation, ColorJitter>;
const auto Faults = FaultPaths<ColorJitterAugmentation, ColorJitter>;

TEST(ColorJitter, ActsWithItsProbability) { ExpectActsWithItsProbability(Build, ""); }

TEST(SampleColorChanges, EveryOrderIsEquallyLikely) {
  std::map<std::array<ColorChange, 4>, double> counts;
  Random random = TestRandom(0);
  for (int i = 0; i < 24000; ++i)
    ++counts[SampleColorChanges({0.4f, 0.4f, 0.4f, 0.1f}, random).order];
  ASSERT_EQ(counts.size(), 24);
  std::vector<double> by_order;
  for (const auto& [order, count] : counts) by_order.push_back(count);
  EXPECT_GT(ChiSquare(by_order, std::vector<double>(24, 1 / 24.0)), kSignificance);
}

TEST(SampleColorChanges, AmountsAreUniform) {
  std::vector<double> amount[4];
  Random random = TestRandom(1);
  for (int i = 0; i < 20000; ++i) {
    const ColorChanges changes = SampleColorChanges({0.8f, 0.3f, 1.5f, 0.2f}, random);
    for (int k = 0; k < 4; ++k) amount[k].push_back(changes.amount[k]);
  }
  EXPECT_GT(KolmogorovSmirnov(amount[0], UniformCdf(0.2, 1.8)), kSignificance);
  EXPECT_GT(KolmogorovSmirnov(amount[1], UniformCdf(0.7, 1.3)), kSignificance);
  EXPECT_GT(KolmogorovSmirnov(amount[2], UniformCdf(0, 2.5)), kSignificance) << "not below 0";
  EXPECT_GT(KolmogorovSmirnov(amount[3], UniformCdf(-0.2, 0.2)), kSignificance);
  EXPECT_LT(KolmogorovSmirnov(amount[3], UniformCdf(-0.2, 0.21)), kSignificance);
}

TEST(SampleColorChanges, WithoutRangesNothingChanges) {
  Random random = TestRandom(2);
  EXPECT_EQ(SampleColorChanges({0, 0, 0, 0}, random).amount, (std::array<float, 4>{1, 1, 1, 0}));
}

TEST(ColorJitter, AppliesTheSampledChangesInTheirOrder) {
  const FlowType input = FlowType::Image(3, 8, 9);
  const ImageShape shape{3, 8, 9};
  const auto jitter =
      Build("probability: 1 brightness: 0.4 contrast: 0.5 saturation: 0.6 hue: 0.1", input);
  for (int draw = 0; draw < 50; ++draw) {
    Sample expected = TestSample(input);
    Random random = TestRandom(draw);
    random.Bernoulli(1);
    const ColorChanges changes = SampleColorChanges({0.4f, 0.5f, 0.6f, 0.1f}, random);
    const auto apply = {AdjustBrightness, AdjustContrast, AdjustSaturation, AdjustHue};
    for (const ColorChange change : changes.order) {
      const int k = static_cast<int>(change);
      apply.begin()[k](expected.values.data(), shape, changes.amount[k]);
    }
    EXPECT_EQ(Augmented(*jitter, input, draw).values, expected.values);
  }
}

TEST(ColorJitter, OnGreyImagesOnlyBrightnessAndContrastAct) {
  const FlowType grey = FlowType::Image(1, 8, 9);
  EXPECT_EQ(CountChanged(*Build("probability: 1 brightness: 0 contrast: 0", grey), grey, 10), 0);
  EXPECT_EQ(CountChanged(*Build("probability: 1", grey), grey, 10), 10);
}

TEST(ColorJitter, WorksOnNumbersFromZeroToOne) { ExpectWorksOnNumbersFromZeroToOne(Faults); }

TEST(ColorJitter, NamesEveryFault) {
  ExpectNamesFaultsOfImagesAndProbability(Faults);
  const FlowType image = FlowType::Image(3, 8, 9);
  EXPECT_EQ(Faults("brightness: -1 contrast: inf saturation: -0.5 hue: 0.6", image),
            "brightness contrast hue saturation");
}

}  // namespace
}  // namespace pretext
